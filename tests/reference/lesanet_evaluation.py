"""LesaNet's evaluation label by label in plain loops, as its released code states it.

Written for the tests from the rules of `evaluate.py` of LesaNet (arXiv 1904.04661): slow, literal,
and independent of the library.
"""

import numpy as np

GRID = np.arange(0.3, 1, 0.1)


def precision(truth: np.ndarray, predicted: np.ndarray) -> float:
    count = np.count_nonzero(predicted)
    return np.count_nonzero(truth & predicted) / count if count else 1.0


def recall(truth: np.ndarray, predicted: np.ndarray) -> float:
    return np.count_nonzero(truth & predicted) / np.count_nonzero(truth)


def f1(truth: np.ndarray, predicted: np.ndarray) -> float:
    p, r = precision(truth, predicted), recall(truth, predicted)
    return 2 * p * r / (p + r) if p + r else 0.0


def auc(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the share of pairs of a positive and a negative in the right order."""
    above = equal = 0
    negatives = np.sort(scores[~truth])
    for score in scores[truth]:
        low, high = (
            np.searchsorted(negatives, score, "left"),
            np.searchsorted(negatives, score, "right"),
        )
        above += low
        equal += high - low
    return (above + equal / 2) / (np.count_nonzero(truth) * len(negatives))


def is_evaluable(truth: np.ndarray, known: np.ndarray, label: int) -> bool:
    present = truth[known[:, label], label]
    return bool(present.any() and not present.all())


def search_thresholds(scores: np.ndarray, truth: np.ndarray, known: np.ndarray) -> np.ndarray:
    thresholds = np.ones(scores.shape[1])
    for label in range(scores.shape[1]):
        if not is_evaluable(truth, known, label):
            continue
        rows = known[:, label]
        best = 0.0
        for threshold in GRID:
            value = f1(truth[rows, label], scores[rows, label] >= threshold)
            if value > best:
                best, thresholds[label] = value, threshold
    return thresholds


def evaluate(
    scores: np.ndarray, truth: np.ndarray, known: np.ndarray, thresholds: np.ndarray,
    parents: list[list[int]],
) -> dict[str, np.ndarray]:  # fmt: skip
    """Return precision, recall, F1 and AUC of each label, NaN where it is not evaluable."""
    count = scores.shape[1]
    predicted = np.zeros(scores.shape, bool)
    for label in range(count):
        if is_evaluable(truth, known, label):
            rows = known[:, label]
            predicted[rows, label] = scores[rows, label] >= thresholds[label]
    for label in range(count):
        for parent in parents[label]:
            predicted[:, parent] |= predicted[:, label]
    found = {name: np.full(count, np.nan) for name in ("precision", "recall", "f1", "auc")}
    for label in range(count):
        if is_evaluable(truth, known, label):
            rows = known[:, label]
            pair = truth[rows, label], predicted[rows, label]
            found["precision"][label] = precision(*pair)
            found["recall"][label] = recall(*pair)
            found["f1"][label] = f1(*pair)
            found["auc"][label] = auc(truth[rows, label], scores[rows, label])
    return found
