"""Class weights of each label's positives and negatives, and what they make of a score.

The paper says "weighted focal loss" and no more (section 4.2). Three readings have a name:

* `lesanet`: inverse frequency with a cap, as LesaNet weighs its cross-entropy (arXiv 1904.04661);
* `alpha`: one weight for all positives, one for all negatives, as the focal loss's authors have it
  (arXiv 1708.02002);
* `none`: no weights.

L labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ClassWeighting:
    """How the entries of a label are weighted (config section `loss`).

    Attributes:
        weighting: Name of the reading.
        max_weight: Upper bound of a weight, for `lesanet`.
        alpha: Weight of positives, for `alpha`; negatives weigh 1 - alpha.
    """

    weighting: Literal["lesanet", "alpha", "none"] = "lesanet"
    max_weight: float = 300.0
    alpha: float = 0.25

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "ClassWeighting":
        """Read the config section `loss`."""
        return cls(section["weighting"], section["max_weight"], section["alpha"])

    def weights(
        self, known: NDArray[np.integer], positive: NDArray[np.integer]
    ) -> tuple[Floats, Floats]:
        """Return the weights of positive and of negative entries, (L,) each.

        Args:
            known: Number of known entries of each label, (L,).
            positive: Number of positive entries of each label, (L,).
        """
        if self.weighting == "lesanet":
            return inverse_frequency(known, positive, self.max_weight)
        positives, negatives = (
            (self.alpha, 1 - self.alpha) if self.weighting == "alpha" else (1.0, 1.0)
        )
        ones = np.ones(len(known), np.float32)
        return ones * np.float32(positives), ones * np.float32(negatives)


def inverse_frequency(
    known: NDArray[np.integer], positive: NDArray[np.integer], max_weight: float
) -> tuple[Floats, Floats]:
    """Return LesaNet's weights of positive and of negative entries, (L,) each.

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
        weights.append(np.minimum(ratio, max_weight).astype(np.float32))
    return weights[0], weights[1]


def chance_at_threshold(positive: Floats, negative: Floats, threshold: float) -> Floats:
    """Return the chance of a label at which a network's best score is the threshold, (L,).

    A network that minimizes a weighted loss scores s where positives weigh w+ and have the chance
    p: s / (1 - s) = w+ p / (w- (1 - p)) for the cross-entropy, and with any focusing at s = 0.5.
    With w+ = w- a score is a probability; with w+ = 50 a score of 0.5 stands for a chance of 2 %.

    Args:
        positive: Weights of positive entries, (L,).
        negative: Weights of negative entries, (L,).
        threshold: A score in (0, 1).
    """
    odds = threshold / (1 - threshold) * negative / positive
    return np.asarray(odds / (1 + odds), np.float32)
