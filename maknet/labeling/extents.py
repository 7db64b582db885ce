"""From where to where a series shows a body part. Z slices, cranial first; L labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.pseudo_labels import drop_exclusive
from maknet.metrics.thresholds import predict

MAX_GAP_MM = 20.0  # slices in between that lack a label do not end the part: a network flickers


@dataclass(frozen=True)
class Extent:
    """Where a body part lies in a series.

    Attributes:
        label: Its name.
        first: Most cranial slice, from 0.
        last: Most caudal slice.
        from_mm: Position of the first slice, rising towards the head.
        to_mm: Position of the last slice.
        extent_mm: From the upper face of the first slice to the lower face of the last.
        slices: Slices that have the label, also outside of this stretch.
        pieces: Stretches that show the label; this is the longest.
        cut_at: Ends of the series that the part reaches: `cranial`, `caudal`.
        probability: Mean over the stretch.
    """

    label: str
    first: int
    last: int
    from_mm: float
    to_mm: float
    extent_mm: float
    slices: int
    pieces: int
    cut_at: tuple[str, ...]
    probability: float


def decide_labels(
    probabilities: NDArray[np.floating],
    thresholds: NDArray[np.floating] | float,
    exclusive: NDArray[np.bool_],
    parents: Sequence[Sequence[int]],
) -> NDArray[np.bool_]:
    """Return the labels of slices after exclusives and hierarchy, (Z, L).

    A label holds from its threshold on. Of two that exclude each other the likelier one stays, and
    what contains a label that stays holds too.

    Args:
        probabilities: (Z, L); NaN where a slice shows no body.
        thresholds: Of each label, (L,), or one for all; 1 means never.
        exclusive: Whether two labels exclude each other, (L, L), symmetric.
        parents: Numbers of the listed parents of each label.
    """
    scores = np.nan_to_num(probabilities, nan=-1.0)
    held = drop_exclusive(scores, predict(scores, thresholds), exclusive)
    for label, above in enumerate(_ancestors(parents)):
        rows = held[:, label]
        for parent in above:
            blocked = (held & exclusive[parent]).any(1)
            held[rows & ~blocked, parent] = True
    return held


def _ancestors(parents: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return all labels above each label: the published lists are not fully transitive."""
    found = []
    for above in parents:
        reached, waiting = set[int](), list(above)
        while waiting:
            label = waiting.pop()
            if label not in reached:
                reached.add(label)
                waiting.extend(parents[label])
        found.append(sorted(reached))
    return found


def find_extents(
    held: NDArray[np.bool_],
    probabilities: NDArray[np.floating],
    positions_mm: NDArray[np.floating],
    step_mm: float,
    names: Sequence[str],
) -> list[Extent]:
    """Return the extent of each label that a series shows, the most cranial first.

    Args:
        held: Labels of the slices, (Z, L).
        probabilities: (Z, L).
        positions_mm: Positions of the slices, falling from the head to the feet, (Z,).
        step_mm: Distance between slices.
        names: Names of the labels, (L,).
    """
    extents = []
    for label in map(int, np.flatnonzero(held.any(0))):
        runs = _runs(held[:, label], positions_mm)
        first, last = max(runs, key=lambda run: run[1] - run[0])
        ends = (("cranial", first == 0), ("caudal", last == len(held) - 1))
        extents.append(Extent(
            names[label], first, last, float(positions_mm[first]), float(positions_mm[last]),
            float(positions_mm[first] - positions_mm[last] + step_mm),
            int(held[:, label].sum()), len(runs), tuple(end for end, at in ends if at),
            float(np.nanmean(probabilities[first : last + 1, label])),
        ))  # fmt: skip
    return sorted(extents, key=lambda extent: (extent.first + extent.last, extent.label))


def _runs(held: NDArray[np.bool_], positions_mm: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Return the first and last slice of each stretch, gaps of at most `MAX_GAP_MM` closed."""
    rows = np.flatnonzero(held)
    between = np.abs(np.diff(positions_mm[rows]))
    breaks = np.flatnonzero((np.diff(rows) > 1) & (between > MAX_GAP_MM))
    starts, ends = np.r_[0, breaks + 1], np.r_[breaks, len(rows) - 1]
    return [(int(rows[a]), int(rows[b])) for a, b in zip(starts, ends, strict=True)]
