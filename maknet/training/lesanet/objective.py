"""LesaNet's loss of one step: the sum of its four losses. B lesions, L labels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from maknet.models.lesanet import patch_input
from maknet.training.lesanet.batches import LesionBatch
from maknet.training.lesanet.losses import (
    hard_example_loss,
    reliable_entries,
    triplet_loss,
    weighted_cross_entropy,
)


@dataclass(frozen=True)
class LossSettings:
    """Weights and sizes of LesaNet's losses (config section `lesanet.loss`).

    Attributes:
        mining_weight: Weight of the hard example loss.
        mining_samples: Sampled entries per batch.
        triplet_weight: Weight of the triplet loss.
        triplet_samples: Sampled triplets per batch.
        triplet_margin: Margin of the triplet loss, a distance in the embedding.
        max_weight: Upper bound of a class weight in the weighted cross-entropy.
    """

    mining_weight: float
    mining_samples: int
    triplet_weight: float
    triplet_samples: int
    triplet_margin: float
    max_weight: float


@dataclass(frozen=True)
class LesaNetObjective:
    """The sum of the four losses of a batch.

    Attributes:
        weights: Weights of the positive and of the negative entries, (L,) each.
        exclusive: 1 where two labels exclude each other, else 0, (L, L) float, symmetric.
        settings: Weights and sizes of the losses.
        window_hu: Lower and upper end of the patches' HU window.
    """

    weights: tuple[Tensor, Tensor]
    exclusive: Tensor
    settings: LossSettings
    window_hu: tuple[float, float]

    def __call__(
        self, network: Callable[..., Any], batch: LesionBatch, device: torch.device
    ) -> Tensor:
        """Return the loss, a scalar."""
        patches = patch_input(batch.patches, self.window_hu, device)
        logits, propagated, embedding = network(patches, batch.boxes)
        s, truth = self.settings, (batch.positive, batch.known, self.weights)
        reliable = reliable_entries(batch.positive, self.exclusive) & batch.known
        mined = hard_example_loss(logits, batch.positive, reliable, s.mining_samples)
        triplets = triplet_loss(
            embedding.float(), batch.positive, s.triplet_samples, s.triplet_margin
        )
        return (
            weighted_cross_entropy(logits, *truth)
            + weighted_cross_entropy(propagated, *truth)
            + s.mining_weight * mined
            + s.triplet_weight * triplets
        )
