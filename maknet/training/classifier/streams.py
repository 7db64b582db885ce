"""Streams of the labeled and of the pseudo-labeled images. L labels."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.pseudo_labels import PseudoLabels
from maknet.data.shards.labeled_images import LabeledImages
from maknet.data.shards.pool import ConcatShards
from maknet.errors import InputError
from maknet.training.classifier.batches import Stream

EmptyImagePolicy = Literal["drop", "keep"]


def labeled_stream(labeled: LabeledImages, batch_size: int) -> Stream:
    """Return a stream of all images of a split with their labels."""
    table = labeled.labels

    def targets(rows: NDArray[np.integer]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return table.positive[rows], table.known[rows]

    return Stream("labeled", labeled.images, np.arange(len(table)), targets, batch_size)


def pseudo_labeled_stream(
    pool: ConcatShards, labels: PseudoLabels, without_label: EmptyImagePolicy, batch_size: int,
    weight: float = 1.0,
) -> Stream:  # fmt: skip
    """Return a stream of the unlabeled images; all entries of their pseudo-labels count as known.

    Args:
        pool: Unlabeled images.
        labels: Pseudo-labels of the pool's images.
        without_label: Whether images without any label are left out (`drop`) or taken as negative
            for all labels (`keep`).
        batch_size: Images per step.
        weight: Weight of the stream's mean loss.

    Raises:
        InputError: The labels belong to other images, or no image is left.
    """
    labels.check_images([path.stem for path in pool.paths], pool.counts)
    rows = np.flatnonzero(_used(labels, without_label))
    if not len(rows):
        raise InputError(
            "No unlabeled image got a pseudo-label; lower pseudo_labels.threshold or train the "
            "teacher longer."
        )

    def targets(rows: NDArray[np.integer]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        positive = labels.positive(rows)
        return positive, np.ones_like(positive)

    return Stream("unlabeled", pool, rows, targets, batch_size, weight)


def label_counts(
    labeled: LabeledImages,
    pseudo: PseudoLabels | None = None,
    without_label: EmptyImagePolicy = "drop",
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many known entries each label has and how many are positive, (L,) each.

    Args:
        labeled: Labeled images.
        pseudo: Pseudo-labels; when given, the unlabeled images count as well.
        without_label: What becomes of images without any label, see `pseudo_labeled_stream`.
    """
    table = labeled.labels
    known, positive = table.known.sum(0), (table.positive & table.known).sum(0)
    if pseudo is not None:
        more_known, more_positive = pseudo_label_counts(pseudo, without_label)
        known, positive = known + more_known, positive + more_positive
    return known, positive


def pseudo_label_counts(
    labels: PseudoLabels, without_label: EmptyImagePolicy
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many known and positive entries each pseudo-label has, (L,) each.

    Args:
        labels: Pseudo-labels of all unlabeled images.
        without_label: What becomes of images without any label, see `pseudo_labeled_stream`.
    """
    images = int(_used(labels, without_label).sum())
    return np.full(len(labels.names), images), labels.label_counts()


def _used(labels: PseudoLabels, without_label: EmptyImagePolicy) -> NDArray[np.bool_]:
    """Return which images are trained on, (N,)."""
    used: NDArray[np.bool_] = ~labels.excluded
    return used & (labels.labels_per_image() > 0) if without_label == "drop" else used
