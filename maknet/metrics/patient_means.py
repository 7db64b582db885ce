"""Means over images, with intervals by patient.

Images of one patient resemble each other, so each patient is one draw and not each image. The mean
over images is a ratio of two sums over patients, and its standard error that of cluster samples
(Liang and Zeger, Biometrika 1986), with Student's quantile for the number of patients. It holds the
scatter of patients alone, for networks as they were trained. N images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PatientMean:
    """A mean over images.

    Attributes:
        value: The mean.
        low: Lower end of its interval, NaN with fewer than two patients.
        high: Upper end.
        patients: Number of patients.
    """

    value: float
    low: float
    high: float
    patients: int


def patient_mean(
    values: NDArray[np.floating], patients: NDArray[np.integer], confidence: float
) -> PatientMean:
    """Return the mean over images with its interval by patient.

    Args:
        values: Value of each image, or the paired difference of two networks on it, (N,).
        patients: Patient of each image, (N,).
        confidence: Probability with which the interval is to hold the true mean.
    """
    from scipy.special import stdtrit

    names, place = np.unique(patients, return_inverse=True)
    count, mean = len(names), float(np.mean(values, dtype=np.float64))
    if count < 2:
        return PatientMean(mean, float("nan"), float("nan"), count)
    excess = np.bincount(place, np.asarray(values, np.float64) - mean)  # of each patient's sum
    error = float(np.sqrt(count / (count - 1) * (excess**2).sum())) / len(values)
    half = float(stdtrit(count - 1, (1 + confidence) / 2)) * error
    return PatientMean(mean, mean - half, mean + half, count)
