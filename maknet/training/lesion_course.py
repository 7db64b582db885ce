"""What LesaNet learns from, step by step, and its loss. B lesions, P the patch's side, L labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from maknet.data.batch_reader import epoch_order, in_batches, read_batches
from maknet.data.lesions import Lesions
from maknet.models.device import mixed_precision
from maknet.models.lesanet import patch_input
from maknet.training.lesion_losses import (
    hard_example_loss,
    reliable_entries,
    triplet_loss,
    weighted_cross_entropy,
)


@dataclass(frozen=True)
class LesionBatch:
    """One step's lesions.

    Attributes:
        patches: (B, 3, P, P) int16 HU.
        boxes: (B, 4) in pixels of the patch.
        positive: (B, L) float.
        known: (B, L) bool.
    """

    patches: Tensor
    boxes: Tensor
    positive: Tensor
    known: Tensor


class LesionCourse:
    """The steps of LesaNet's training: whole batches in random order, the rest dropped.

    Where there are fewer lesions than a batch holds, they are one batch.
    """

    def __init__(self, lesions: Lesions, batch_size: int, seed: int) -> None:
        self._lesions, self._seed = lesions, seed
        self.batch_size = min(batch_size, len(lesions))
        self.steps_per_epoch = len(lesions) // self.batch_size

    def batches(
        self, epoch: int, first_step: int, device: torch.device, threads: int
    ) -> Iterator[LesionBatch]:
        """Yield the steps of an epoch from `first_step` on, as `read_batches` does its images."""
        order = epoch_order(len(self._lesions), self._seed, epoch, "order/lesions")
        order = order[first_step * self.batch_size : self.steps_per_epoch * self.batch_size]
        plan = in_batches(self._lesions.patches, order, self.batch_size)
        table = self._lesions.labels
        patches = read_batches(plan, self.batch_size, device, threads)
        for (part,), pixels in zip(plan, patches, strict=True):
            yield LesionBatch(
                pixels,
                torch.from_numpy(self._lesions.boxes[part.rows]).to(device),
                torch.from_numpy(table.positive[part.rows].astype(np.float32)).to(device),
                torch.from_numpy(table.known[part.rows]).to(device),
            )


@dataclass(frozen=True)
class LossSettings:
    """Weights and sizes of LesaNet's losses (config section `lesanet.loss`).

    Attributes:
        mining_weight: Of the hard example loss.
        mining_samples: Entries a batch.
        triplet_weight: Of the triplet loss.
        triplet_samples: Triplets a batch.
        triplet_margin: In the embedding.
        max_weight: Of a class in the weighted cross-entropy.
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
        weights: Of positive and of negative entries, (L,) each.
        exclusive: (L, L) float, 0 or 1, symmetric.
        settings: Of the losses.
        window_hu: Of the patches.
    """

    weights: tuple[Tensor, Tensor]
    exclusive: Tensor
    settings: LossSettings
    window_hu: tuple[float, float]

    def __call__(self, network: nn.Module, batch: LesionBatch, device: torch.device) -> Tensor:
        """Return the loss, a scalar."""
        patches = patch_input(batch.patches, self.window_hu, device)
        with mixed_precision(device):
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
