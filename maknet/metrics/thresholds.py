"""Per-label decision thresholds, chosen on the validation split.

Source: LesaNet's released evaluation (arXiv 1904.04661, section 4): the threshold of a label is the
first of 0.3, 0.4 .. 0.9 with the highest F1 on validation, before any label expansion.
N images, L labels.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GRID = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
NEVER = 1.0


def calibrate_thresholds(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    grid: Sequence[float] = GRID,
) -> NDArray[np.float64]:
    """Return the threshold of each label, (L,).

    A label for which no grid value gives F1 > 0, among them a label without a known validation
    positive, gets 1.0: it is never predicted.

    Args:
        scores: Probabilities in [0, 1], (N, L).
        positive: (N, L).
        known: (N, L); entries that are not known are left out.
        grid: Candidate thresholds in ascending order.
    """
    thresholds = np.full(scores.shape[1], NEVER)
    best = np.zeros(scores.shape[1])
    for candidate in grid:
        f1 = _f1(predict(scores, candidate), positive, known)
        better = f1 > best
        thresholds[better] = candidate
        best[better] = f1[better]
    return thresholds


def predict(
    scores: NDArray[np.floating], thresholds: NDArray[np.floating] | float
) -> NDArray[np.bool_]:
    """Return (N, L) decisions: at least the threshold, and never where the threshold is 1.

    The second part matters for float32 scores, which a sigmoid rounds to exactly 1.0.
    """
    thresholds = np.asarray(thresholds)
    return (scores >= thresholds) & (thresholds < NEVER)


def expand_to_parents(
    predicted: NDArray[np.bool_], parents: Sequence[Sequence[int]]
) -> NDArray[np.bool_]:
    """Switch on the listed parents of every predicted label, in one sweep in label order.

    The lists are LesaNet's and not fully transitive; one sweep is what its evaluation does.
    """
    expanded = predicted.copy()
    for child, above in enumerate(parents):
        for parent in above:
            expanded[:, parent] |= expanded[:, child]
    return expanded


def _f1(
    predicted: NDArray[np.bool_], positive: NDArray[np.bool_], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    true_positives = (predicted & positive & known).sum(0)
    predicted_positives = (predicted & known).sum(0)
    wanted = (positive & known).sum(0)
    f1: NDArray[np.float64] = 2 * true_positives / np.maximum(predicted_positives + wanted, 1)
    return f1
