"""The loss of one step: a weighted sum over streams, and over both sets of logits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from maknet.models.device import scaled
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

    def __call__(self, network: Callable[..., Any], batch: Batch, device: torch.device) -> Tensor:
        """Return the loss, a scalar, after one forward pass over all streams."""
        images = scaled(batch.images, device)
        if self.augmentation is not None and batch.params is not None:
            images = self.augmentation(images, batch.params)
        images = images.contiguous(memory_format=torch.channels_last)
        first, final = network(images)
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
