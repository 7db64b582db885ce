"""Means over images, with intervals by patient and, where there are several, by training.

Images of one patient resemble each other, so each patient is one draw and not each image. The mean
over images is a ratio of two sums over patients, and its standard error that of cluster samples
(Liang and Zeger, Biometrika 1986). The variance over trainings, divided by their number, is added,
with Student's quantile for both numbers (Welch and Satterthwaite). With one training the interval
holds the scatter of patients alone. N images, S trainings.
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
        values: Value of each image in each training, or the paired difference of two networks,
            (S, N), or (N,) for one training.
        patients: Patient of each image, (N,).
        confidence: Probability with which the interval is to hold the true mean.
    """
    from scipy.special import stdtrit

    names, place = np.unique(patients, return_inverse=True)
    each = np.atleast_2d(np.asarray(values, np.float64))
    count, mean = len(names), float(np.mean(each))
    if count < 2:
        return PatientMean(mean, float("nan"), float("nan"), count)
    excess = np.bincount(place, each.mean(0) - mean)  # of each patient's sum
    error = float(np.sqrt(count / (count - 1) * (excess**2).sum())) / each.shape[1]
    freedom = float(count - 1)
    if len(each) > 1:
        of_trainings = float(np.var(each.mean(1), ddof=1)) / len(each)
        both = error**2 + of_trainings
        if both > 0:
            freedom = both**2 / (error**4 / freedom + of_trainings**2 / (len(each) - 1))
        error = both**0.5
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    return PatientMean(mean, mean - half, mean + half, count)
