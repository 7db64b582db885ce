"""Statistics of the pseudo-labels of all rounds, and their changes from round to round."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.labels.pseudo_labels import PseudoLabels

_ROWS = 1 << 16  # images compared at once, to bound memory


def summarize_rounds(rounds: Sequence[PseudoLabels], labelers: Sequence[str]) -> pd.DataFrame:
    """Return one row per round.

    Args:
        rounds: Pseudo-labels of round 1, 2, ...
        labelers: Name of the run that made the labels of each round.

    Returns:
        Columns: `round`, `labeler`, `images`, `excluded` (left out of all trainings, and counted
        nowhere else), `without_label`, `labels_per_image` (over all images), `removed_as_exclusive`
        (labels), and against the round before `changed_images` (share of images whose labels
        differ) and `changed_labels` (share of the labels of either round that the other does not
        have), NaN in round 1.
    """
    rows = []
    for number, (labels, labeler) in enumerate(zip(rounds, labelers, strict=True)):
        counts = labels.labels_per_image()[~labels.excluded]
        before = rounds[number - 1] if number else None
        images, entries = (np.nan, np.nan) if before is None else _changes(before, labels)
        rows.append({
            "round": number + 1,
            "labeler": labeler,
            "images": len(counts),
            "excluded": int(labels.excluded.sum()),
            "without_label": int((counts == 0).sum()),
            "labels_per_image": float(counts.mean()) if len(counts) else 0.0,
            "removed_as_exclusive": int(labels.removed.sum(dtype=np.int64)),
            "changed_images": images,
            "changed_labels": entries,
        })  # fmt: skip
    return pd.DataFrame(rows)


def count_by_label(rounds: Sequence[PseudoLabels], chances: NDArray[np.floating]) -> pd.DataFrame:
    """Return how many images have each label.

    Args:
        rounds: Pseudo-labels of round 1, 2, ...
        chances: Chance of each label that the threshold stands for, (L,).

    Returns:
        One row per label: `label`, `chance_at_threshold`, and a column `round<r>` per round.
    """
    table = pd.DataFrame({"label": rounds[0].names, "chance_at_threshold": chances})
    for number, labels in enumerate(rounds):
        table[f"round{number + 1}"] = labels.label_counts()
    return table


def _changes(before: PseudoLabels, after: PseudoLabels) -> tuple[float, float]:
    """Return the shares of images and of labels that differ."""
    before.check_images(after.batches, after.counts)
    images = differing = either = 0
    for start in range(0, len(after), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(after)))
        old, new = before.positive(rows), after.positive(rows)
        images += int((old != new).any(1).sum())
        differing += int((old != new).sum())
        either += int((old | new).sum())
    used = max(int((~after.excluded).sum()), 1)
    return images / used, differing / either if either else 0.0
