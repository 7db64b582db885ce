"""Training batches of LesaNet. B lesions, P the patch's side, L labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maknet.data.shards.labeled_patches import LabeledPatches
from maknet.data.shards.prefetch import Buffer, epoch_order, prefetch, split_batches


@dataclass(frozen=True)
class LesionBatch:
    """One step's lesions.

    Attributes:
        patches: (B, 3, P, P) int16 HU.
        boxes: x1, y1, x2, y2 in pixels of the patch, (B, 4).
        positive: 1 for the positive labels, (B, L) float32.
        known: Whether each label is known, (B, L) bool.
    """

    patches: Tensor
    boxes: Tensor
    positive: Tensor
    known: Tensor


class PatchLoader:
    """Loads the batches of LesaNet's training: full batches in random order, the rest dropped.

    Where there are fewer lesions than a batch holds, they form one batch.

    Args:
        lesions: Training lesions.
        batch_size: Lesions per step.
        seed: Seed of the order.
    """

    def __init__(self, lesions: LabeledPatches, batch_size: int, seed: int) -> None:
        self._lesions, self._seed = lesions, seed
        self._free: list[Buffer] = []
        self.batch_size = min(batch_size, len(lesions))
        self.steps_per_epoch = len(lesions) // self.batch_size

    def batches(
        self, epoch: int, first_step: int, device: torch.device, threads: int
    ) -> Iterator[LesionBatch]:
        """Yield the remaining batches of an epoch; each is valid as long as those of `prefetch`.

        Args:
            epoch: Epoch, counted from 0.
            first_step: First step of the epoch to yield, counted from 0.
            device: Device that the batches are moved to.
            threads: Number of threads that read ahead.
        """
        order = epoch_order(len(self._lesions), self._seed, epoch, "order/lesions")
        order = order[first_step * self.batch_size : self.steps_per_epoch * self.batch_size]
        plan = split_batches(self._lesions.patches, order, self.batch_size)
        table = self._lesions.labels
        patches = prefetch(plan, self.batch_size, device, threads, self._free)
        for (part,), pixels in zip(plan, patches, strict=True):
            yield LesionBatch(
                pixels,
                torch.from_numpy(self._lesions.boxes[part.rows]).to(device),
                torch.from_numpy(table.positive[part.rows].astype(np.float32)).to(device),
                torch.from_numpy(table.known[part.rows]).to(device),
            )
