"""Confidence intervals by resampling patients.

Lesions of one patient resemble each other, so patients, not lesions, are drawn with replacement.
Thresholds stay as calibrated: the interval is that of the test set alone.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maknet.metrics.multilabel import METRICS, evaluate


def bootstrap_means(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
    patients: NDArray[np.int64],
    samples: int,
    generator: np.random.Generator,
) -> NDArray[np.float64]:
    """Return the means of `METRICS` over each resample, (samples, 4).

    Args:
        scores: (N, L), as for `evaluate`.
        positive: (N, L).
        known: (N, L).
        thresholds: (L,).
        parents: As for `evaluate`.
        patients: The patient of each row, (N,).
        samples: Number of resamples.
        generator: Draws the patients; the same generator state gives the same resamples, so that
            two networks can be compared in pairs.
    """
    members = [np.flatnonzero(patients == patient) for patient in np.unique(patients)]
    means = np.empty((samples, len(METRICS)))
    for row in range(samples):
        drawn = generator.integers(0, len(members), len(members))
        lesions = np.concatenate([members[i] for i in drawn])
        result = evaluate(scores[lesions], positive[lesions], known[lesions], thresholds, parents)
        means[row] = [getattr(result, name) for name in METRICS]
    return means


def intervals(
    means: NDArray[np.float64], confidence: float
) -> dict[str, tuple[float, float] | None]:
    """Return the percentile interval of each metric, None where it is undefined."""
    tail = (1 - confidence) / 2
    result: dict[str, tuple[float, float] | None] = {}
    for column, name in enumerate(METRICS):
        values = means[:, column]
        values = values[~np.isnan(values)]
        if len(values) < 2:
            result[name] = None
            continue
        low, high = np.quantile(values, [tail, 1 - tail])
        result[name] = (float(low), float(high))
    return result
