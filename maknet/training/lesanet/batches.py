"""What LesaNet learns from, step by step, and its loss. B lesions, P the patch's side, L labels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from maknet.data.shards.labeled_patches import LabeledPatches
from maknet.data.shards.prefetch import epoch_order, prefetch, split_batches


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


class PatchLoader:
    """The steps of LesaNet's training: whole batches in random order, the rest dropped.

    Where there are fewer lesions than a batch holds, they are one batch.
    """

    def __init__(self, lesions: LabeledPatches, batch_size: int, seed: int) -> None:
        self._lesions, self._seed = lesions, seed
        self.batch_size = min(batch_size, len(lesions))
        self.steps_per_epoch = len(lesions) // self.batch_size

    def batches(
        self, epoch: int, first_step: int, device: torch.device, threads: int
    ) -> Iterator[LesionBatch]:
        """Yield the steps of an epoch from `first_step` on, as `prefetch` does its images."""
        order = epoch_order(len(self._lesions), self._seed, epoch, "order/lesions")
        order = order[first_step * self.batch_size : self.steps_per_epoch * self.batch_size]
        plan = split_batches(self._lesions.patches, order, self.batch_size)
        table = self._lesions.labels
        patches = prefetch(plan, self.batch_size, device, threads)
        for (part,), pixels in zip(plan, patches, strict=True):
            yield LesionBatch(
                pixels,
                torch.from_numpy(self._lesions.boxes[part.rows]).to(device),
                torch.from_numpy(table.positive[part.rows].astype(np.float32)).to(device),
                torch.from_numpy(table.known[part.rows]).to(device),
            )
