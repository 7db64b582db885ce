"""The pseudo-labels of one round: one file, sparse, row by row with the unlabeled shards.

At the paper's size 504,779 images of at most 15 labels are some 50 MB instead of 58 million
entries. N images, R rows that are asked for, K the largest number of labels per image, L labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays, save_arrays
from maknet.errors import InputError
from maknet.files import parsing
from maknet.seeding import generator

NONE = -1  # fills the places behind an image's last label


@dataclass(frozen=True)
class PseudoLabels:
    """Labels of the unlabeled images, numbered shard after shard.

    Attributes:
        names: Names of all labels, (L,).
        batches: Names of the batches, in the order of their images.
        counts: Number of images of each batch, (batches,).
        label: Label numbers by falling score, (N, K) int16, `NONE` behind the last.
        score: Probabilities of these labels, (N, K) float32, 0 behind the last.
        removed: Number of candidates per image that were dropped as exclusive, (N,) uint8.
        excluded: Whether an image is left out of all trainings, (N,) bool; it has no labels.
    """

    names: tuple[str, ...]
    batches: tuple[str, ...]
    counts: NDArray[np.int64]
    label: NDArray[np.int16]
    score: NDArray[np.float32]
    removed: NDArray[np.uint8]
    excluded: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.label)

    def positive(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return whether each label holds for the images `rows` (R,), as (R, L) bool."""
        chosen = self.label[rows]
        dense = np.zeros((len(chosen), len(self.names) + 1), bool)  # the last column takes NONE
        np.put_along_axis(dense, chosen.astype(np.intp), True, 1)
        return dense[:, : len(self.names)]

    def labels_per_image(self) -> NDArray[np.int64]:
        """Return how many labels each image has, (N,)."""
        counts: NDArray[np.int64] = (self.label != NONE).sum(1)
        return counts

    def label_counts(self) -> NDArray[np.int64]:
        """Return how many images have each label, (L,)."""
        return np.bincount(self.label[self.label != NONE], minlength=len(self.names))

    def check_images(self, batches: Sequence[str], counts: NDArray[np.int64]) -> None:
        """Check that the labels belong to these shards.

        Args:
            batches: Names of the shards without suffix, in order.
            counts: Number of images of each shard, (batches,).

        Raises:
            InputError: The shards are not those that were labeled.
        """
        if self.batches != tuple(batches) or not np.array_equal(self.counts, counts):
            raise InputError(
                f"The pseudo-labels belong to {len(self)} images of {len(self.batches)} batches, "
                f"not to these {int(counts.sum())} of {len(batches)}; label the images anew."
            )


def shuffled_labels(labels: PseudoLabels, seed: int) -> PseudoLabels:
    """Return the labels of all images dealt out to other images: every label keeps its count.

    Images that are left out stay so, without labels.

    Args:
        labels: Pseudo-labels of N images.
        seed: Seed of the permutation.
    """
    used = np.flatnonzero(~labels.excluded)
    order = np.arange(len(labels))
    order[used] = used[generator(seed, "shuffled pseudo-labels").permutation(len(used))]
    return replace(
        labels, label=labels.label[order], score=labels.score[order], removed=labels.removed[order]
    )


def sparse_labels(
    scores: NDArray[np.floating], kept: NDArray[np.bool_], most: int
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Return `label` and `score` of `PseudoLabels`, (N, K) each.

    Args:
        scores: Probabilities, (N, L).
        kept: Whether each label is kept, (N, L).
        most: Largest number of labels per image, K.
    """
    order = np.argsort(-np.where(kept, scores, -np.inf), axis=1, kind="stable")[:, :most]
    present = np.take_along_axis(kept, order, 1)
    label = np.where(present, order, NONE).astype(np.int16)
    score = np.where(present, np.take_along_axis(scores, order, 1), 0).astype(np.float32)
    return label, score


def save_pseudo_labels(path: str | Path, labels: PseudoLabels) -> None:
    """Write an `.npz` of seven arrays, the fields of `PseudoLabels`."""
    save_arrays(
        path, names=np.array(labels.names), batches=np.array(labels.batches),
        counts=labels.counts, label=labels.label, score=labels.score, removed=labels.removed,
        excluded=labels.excluded,
    )  # fmt: skip


def load_pseudo_labels(path: str | Path) -> PseudoLabels:
    """Read what `save_pseudo_labels` wrote.

    Raises:
        InputError: The file is missing or is no pseudo-label file.
    """
    arrays = load_arrays(path)
    with parsing(path, "a file of pseudo-labels", "make it anew"):
        names, batches = (tuple(map(str, arrays.pop(key))) for key in ("names", "batches"))
        return PseudoLabels(names, batches, **arrays)


def pseudo_label(
    scores: NDArray[np.floating],
    exclusive: NDArray[np.bool_],
    top: int = 15,
    threshold: float = 0.5,
) -> NDArray[np.bool_]:
    """Return the pseudo-labels of images, (N, L) bool.

    A label is a candidate when it is among the `top` of its image and its score is above
    `threshold`. Candidates are taken by falling score, equal scores by label number, and one is
    dropped when it excludes a label already taken, as LesaNet's filter does.

    Args:
        scores: Probabilities, (N, L).
        exclusive: Whether two labels exclude each other, (L, L), symmetric.
        top: Largest number of labels per image.
        threshold: Score that a label must exceed.
    """
    return drop_exclusive(scores, candidates(scores, top, threshold), exclusive)


def candidates(scores: NDArray[np.floating], top: int, threshold: float) -> NDArray[np.bool_]:
    """Return the labels among the `top` of their image with a score above the threshold.

    Args:
        scores: Probabilities, (N, L).
        top: Largest number of labels per image.
        threshold: Score that a label must exceed.

    Returns:
        (N, L) bool.
    """
    order = _by_falling_score(scores)[:, :top]
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, order, np.take_along_axis(scores, order, 1) > threshold, 1)
    return chosen


def drop_exclusive(
    scores: NDArray[np.floating], candidate: NDArray[np.bool_], exclusive: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the candidates without those that exclude a taken one of a higher score.

    Args:
        scores: Probabilities, (N, L).
        candidate: Whether each label is a candidate, (N, L).
        exclusive: Whether two labels exclude each other, (L, L), symmetric.

    Returns:
        (N, L) bool.
    """
    most = int(candidate.sum(1).max(initial=0))
    order = _by_falling_score(np.where(candidate, scores, -np.inf))[:, :most]
    kept = np.zeros(scores.shape, bool)
    blocked = np.zeros(scores.shape, bool)
    rows = np.arange(len(scores))
    for place in range(most):
        label = order[:, place]
        taken = candidate[rows, label] & ~blocked[rows, label]
        kept[rows[taken], label[taken]] = True
        blocked |= exclusive[label] & taken[:, None]
    return kept


def _by_falling_score(scores: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return label numbers (N, L), equal scores by number."""
    return np.argsort(-scores, axis=1, kind="stable")
