"""What distance between fingerprints means: differences that copies have count little.

Fisher's linear discriminant: fingerprints are mapped so that the differences between variations of
one slice have unit size in every direction, and the directions in which slices differ much more
than that count most. It is learned from the run's own images. F numbers a fingerprint, D a vector.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DIMENSIONS = 48
# Variance that is there in any case, the rounding to whole numbers included.
_RIDGE = 1e-5 * 300.0**2


@dataclass(frozen=True)
class Metric:
    """A linear map of fingerprints to vectors that are compared by their angle.

    Attributes:
        mean: (F,) float32.
        projection: (F, D) float32.
    """

    mean: NDArray[np.float32]
    projection: NDArray[np.float32]

    def __call__(self, fingerprints: NDArray[np.int8]) -> NDArray[np.float32]:
        """Return fingerprints (N, F) as vectors of length 1, (N, D)."""
        vectors = (fingerprints.astype(np.float32) - self.mean) @ self.projection
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        scaled: NDArray[np.float32] = vectors / np.maximum(length, np.float32(1e-9))
        return scaled


def fit_metric(
    population: NDArray[np.int8],
    originals: NDArray[np.int8],
    variations: NDArray[np.int8],
) -> Metric:
    """Learn the metric.

    Args:
        population: Fingerprints of many different slices, (N, F).
        originals: Fingerprints of slices, (M, F).
        variations: Fingerprints of the same slices, each changed as a copy may be, (M, F).
    """
    changes = variations.astype(np.float64) - originals
    within = changes.T @ changes / max(len(changes), 1) + _RIDGE * np.eye(population.shape[1])
    whole = population.astype(np.float64)
    mean = whole.mean(0)
    between = (whole - mean).T @ (whole - mean) / max(len(whole) - 1, 1)
    whitening = np.linalg.inv(np.linalg.cholesky(within))
    signal, directions = np.linalg.eigh(whitening @ between @ whitening.T)
    best = np.argsort(-signal, kind="stable")[:_DIMENSIONS]
    projection = whitening.T @ directions[:, best] / np.sqrt(np.maximum(signal[best], 0) + 1)
    return Metric(mean.astype(np.float32), projection.astype(np.float32))
