"""The scatter of the means over patients and over seeds, and intervals made of it.

Lesions of one patient resemble each other, so patients, not lesions, are resampled. The resamples
are Rubin's Bayesian bootstrap (Ann. Statist. 1981): each patient gets an exponentially distributed
weight. An ordinary resample leaves patients out, and with them labels of few positives, so that its
mean is one over other labels; weights keep the set of labels as it is. Thresholds stay as
calibrated. `benchmarks/coverage.py` measures how often the intervals hold the true value, and
docs/statistics.md says which of them are printed for it.
N images, L labels, B resamples, M measures, S seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.metrics.multilabel import (
    MEASURES,
    MIN_POSITIVES,
    PER_LABEL,
    evaluable_labels,
    predicted_labels,
)
from maknet.metrics.ranking import weighted_ranking

_BLOCK = 200  # resamples at once: their weights stay in the cache
Array = NDArray[np.float64]


def patient_weights(patients: NDArray[np.int64], samples: int, rng: np.random.Generator) -> Array:
    """Return weights of the images in each resample, (B, N), the same for images of one patient.

    Args:
        patients: The patient of each image, (N,).
        samples: B.
        rng: Draws the weights; the same state gives the same weights, so that runs are compared in
            pairs.
    """
    names, place = np.unique(patients, return_inverse=True)
    drawn = rng.standard_exponential((samples, len(names)))
    weights: Array = (drawn / drawn.mean(1, keepdims=True))[:, place]
    return weights


def resampled_means(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
    patients: NDArray[np.int64],
    weights: Array,
) -> Array:
    """Return `MEASURES` under each row of weights, (B, M).

    Weights scatter a label's metric too little where few patients carry it: by (n - 1) / (n + 1) of
    the variance for n patients. Deviations are scaled up by that, label by label.

    Args:
        scores: (N, L), as for `maknet.metrics.multilabel.evaluate`.
        positive: (N, L).
        known: (N, L).
        thresholds: (L,).
        parents: The labels that each label switches on.
        patients: The patient of each image, (N,).
        weights: (B, N), see `patient_weights`.
    """
    predicted = predicted_labels(scores, positive, known, thresholds, parents)
    wanted = positive & known
    evaluable = evaluable_labels(positive, known)
    frequent = evaluable & (wanted.sum(0) >= MIN_POSITIVES)
    point = _label_values(scores, wanted, known, predicted, np.ones((1, len(scores))))
    scale = _scales(wanted, predicted, patients)
    means = np.full((len(weights), len(MEASURES)), np.nan)
    for start in range(0, len(weights), _BLOCK):
        block = slice(start, start + _BLOCK)
        values = _label_values(scores, wanted, known, predicted, weights[block])
        for number, name in enumerate(PER_LABEL):
            scaled = point[name] + scale[name] * (values[name] - point[name])
            for offset, labels in ((0, evaluable), (len(PER_LABEL), frequent)):
                if labels.any():
                    means[block, offset + number] = scaled[:, labels].mean(1)
    return means


def _label_values(
    scores: NDArray[np.floating], wanted: NDArray[np.bool_], known: NDArray[np.bool_],
    predicted: NDArray[np.bool_], weights: Array,
) -> dict[str, Array]:  # fmt: skip
    """Return the metrics of each label under each row of weights, (B, L) by name."""
    auc, average = weighted_ranking(scores, wanted, known, weights)
    true_positives = weights @ (predicted & wanted)
    predicted_positives, positives = weights @ predicted, weights @ wanted
    share = _ratio(true_positives, predicted_positives)
    return {
        "auc": auc,
        "f1": _ratio(2 * true_positives, predicted_positives + positives),
        "precision": np.where(predicted_positives > 0, share, 1.0),
        "recall": _ratio(true_positives, positives),
        "precision_standard": share,
        "average_precision": average,
    }


def _scales(
    wanted: NDArray[np.bool_], predicted: NDArray[np.bool_], patients: NDArray[np.int64]
) -> dict[str, Array]:
    """Return by how much the deviations of each label are scaled up, (L,) by metric."""
    of_positives = _scale(wanted, patients)
    of_both = np.maximum(of_positives, _scale(predicted, patients))
    scales = dict.fromkeys(PER_LABEL, of_positives)
    return scales | dict.fromkeys(("f1", "precision", "precision_standard"), of_both)


def _scale(carried: NDArray[np.bool_], patients: NDArray[np.int64]) -> Array:
    """Return the factor for the number of patients with an entry of each label, (L,)."""
    counts = np.array([len(np.unique(patients[rows])) for rows in carried.T])
    return np.asarray(np.sqrt((counts + 1) / np.maximum(counts - 1, 1)))


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its interval.

    Attributes:
        value: The mean.
        low: Lower end, NaN where it is undefined.
        high: Upper end.
        deviation: Standard deviation over the seeds, NaN for one seed.
    """

    value: float
    low: float
    high: float
    deviation: float


def seed_interval(values: Sequence[float], resampled: Array, confidence: float) -> Interval:
    """Return the interval of a mean over seeds, for the scatter of patients and of seeds together.

    The two variances are added: that of the resamples of the mean, and that of the seeds divided by
    their number, with Student's quantile for few seeds. With one seed the scatter of training is
    not in it.

    Args:
        values: The measure, or the paired difference, of each seed, (S,).
        resampled: The same mean under each resample of patients, (B,).
        confidence: The chance that the interval is to hold the true value.
    """
    from scipy.stats import norm, t

    value = float(np.mean(values))
    seeds = len(values)
    deviation = float(np.std(values, ddof=1)) if seeds > 1 else float("nan")
    if np.isnan(value) or not np.isfinite(resampled).all() or len(resampled) < 2:
        return Interval(value, float("nan"), float("nan"), deviation)
    of_seeds = deviation**2 / seeds if seeds > 1 else 0.0
    variance = float(np.var(resampled, ddof=1)) + of_seeds
    tail = (1 + confidence) / 2
    if of_seeds > 0:  # Welch and Satterthwaite's degrees of freedom; patients are many
        quantile = float(t.ppf(tail, variance**2 / (of_seeds**2 / (seeds - 1))))
    else:
        quantile = float(norm.ppf(tail))
    half = quantile * variance**0.5
    return Interval(value, value - half, value + half, deviation)
