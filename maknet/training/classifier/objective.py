"""The loss of one step: a weighted sum over streams, and over both sets of logits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from maknet.models.device import as_input
from maknet.training.classifier.augment import Augmentation
from maknet.training.classifier.batches import Batch
from maknet.training.classifier.losses import WeightedFocalLoss


@dataclass(frozen=True)
class Objective:
    """The weighted focal loss of a batch of one or several streams.

    Each stream counts with its own mean, as in Noisy Student (arXiv 1911.04252), so that a small
    last batch of labeled images weighs as much as a full one of unlabeled images.

    Attributes:
        loss: Loss of one set of logits.
        weights: Weight of each stream.
        augmentation: Noise on the images, or None.
    """

    loss: WeightedFocalLoss
    weights: Sequence[float] = (1.0,)
    augmentation: Augmentation | None = None
    _memory: list[Tensor] = field(default_factory=list, init=False, repr=False, compare=False)

    def __call__(self, network: Callable[..., Any], batch: Batch, device: torch.device) -> Tensor:
        """Return the loss, a scalar, after one forward pass over all streams."""
        first, final = network(self._input(batch, device))
        heads = [final] if first is final else [final, first]
        total = torch.zeros((), device=device)
        start = 0
        for size, weight in zip(batch.sizes, self.weights, strict=True):
            part = slice(start, start + size)
            for logits in heads:
                mean = self.loss(logits[part], batch.positive[part], batch.known[part])
                total = total + weight * mean
            start += size
        return total

    def _input(self, batch: Batch, device: torch.device) -> Tensor:
        """Return the images as the network takes them; on a CPU each step overwrites the last."""
        if self.augmentation is None or batch.params is None:
            return as_input(batch.images, device)
        images = batch.images.to(device, non_blocking=True)
        if device.type != "cpu":
            return self.augmentation(images, batch.params)
        if not self._memory or len(self._memory[0]) < len(images):
            form = torch.channels_last
            self._memory[:] = [torch.empty(images.shape, memory_format=form)]
        return self.augmentation(images, batch.params, self._memory[0][: len(images)])
