"""Class weights of each label's positives and negatives, as in LesaNet (arXiv 1904.04661).

L labels.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def class_weights(
    known: NDArray[np.integer], positive: NDArray[np.integer], max_weight: float
) -> tuple[Tensor, Tensor]:
    """Return the weights of positive and of negative entries, (L,) each.

    A label with n of N known entries positive weighs its positives N / 2n, at most `max_weight`,
    and its negatives N / 2(N - n); a label without positives or negatives gets `max_weight`.

    Args:
        known: Number of known entries of each label, N, (L,).
        positive: Number of positive entries of each label, n, (L,).
        max_weight: Upper bound of a weight.
    """
    weights = []
    for count in (positive, known - positive):
        ratio = np.full(len(count), max_weight)
        np.divide(known, 2 * count, out=ratio, where=count > 0)
        weights.append(torch.from_numpy(np.minimum(ratio, max_weight).astype(np.float32)))
    return weights[0], weights[1]
