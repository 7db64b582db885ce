"""Metrics of the order of scores: the area under the ROC curve, and the average precision.

Both take weights for the images, so that a resample of patients is one row of weights and no label
drops out of it. N images, L labels, B resamples.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def area_under_curve(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], known: NDArray[np.bool_]
) -> Array:
    """Return the AUC of each label, (L,), NaN without a known positive and a known negative.

    The chance that a positive scores above a negative; ties count half.

    Args:
        scores: (N, L).
        positive: (N, L).
        known: (N, L); entries that are not known are left out.
    """
    auc, _ = weighted_ranking(scores, positive, known, np.ones((1, len(scores))))
    return np.asarray(auc[0])


def average_precision(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], known: NDArray[np.bool_]
) -> Array:
    """Return the average precision of each label, (L,), as scikit-learn defines it.

    Args:
        scores: (N, L).
        positive: (N, L).
        known: (N, L); entries that are not known are left out.
    """
    _, precision = weighted_ranking(scores, positive, known, np.ones((1, len(scores))))
    return np.asarray(precision[0])


def weighted_ranking(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], known: NDArray[np.bool_],
    weights: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Return AUC and average precision of each label under each row of weights.

    Args:
        scores: (N, L).
        positive: (N, L).
        known: (N, L); entries that are not known are left out.
        weights: Weight of each image in each resample, (B, N), not negative.

    Returns:
        Two arrays (B, L), NaN for labels without a known positive and a known negative.
    """
    shape = (len(weights), scores.shape[1])
    auc, precision = np.full(shape, np.nan), np.full(shape, np.nan)
    for label in range(scores.shape[1]):
        rows = np.flatnonzero(known[:, label])
        truth = positive[rows, label]
        if not truth.any() or truth.all():
            continue
        order = rows[np.argsort(-scores[rows, label], kind="stable")]
        auc[:, label], precision[:, label] = _ranked(
            scores[order, label], positive[order, label], weights[:, order]
        )
    return auc, precision


def _ranked(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], weights: Array
) -> tuple[Array, Array]:
    """Return both metrics of images (K,) in falling order of score, (B,) each."""
    ends = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)  # of each group of ties
    group = np.searchsorted(ends, np.flatnonzero(positive))
    everything = np.cumsum(weights, 1)[:, ends]
    hits = np.cumsum(weights * positive, 1)[:, ends]
    misses = everything - hits
    own = weights[:, positive]
    before = np.concatenate([np.zeros((len(weights), 1)), misses], 1)
    above = (before[:, group] + before[:, group + 1]) / 2  # weight of negatives above, ties half
    positives, negatives = hits[:, -1], misses[:, -1]
    auc = 1 - (own * above).sum(1) / (positives * negatives)
    precision = (own * hits[:, group] / everything[:, group]).sum(1) / positives
    return auc, precision
