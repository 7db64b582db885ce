"""Probabilities of a network for images on disk. N images, L labels, B images a batch."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from maknet.data.batch_reader import ImageSource, in_batches, read_batches
from maknet.models.device import as_input, mixed_precision


def score_batches(
    network: nn.Module,
    source: ImageSource,
    rows: NDArray[np.integer],
    batch_size: int,
    device: torch.device,
    threads: int = 1,
) -> Iterator[NDArray[np.float32]]:
    """Yield (B, L) probabilities of the final logits, noise off, batch after batch.

    The network's mode is put back at the end.
    """
    training = network.training
    network.eval()
    batches = in_batches(source, rows, batch_size)
    waiting: Tensor | None = None
    try:
        for images in read_batches(batches, batch_size, device, threads):
            scores = _probabilities(network, images, device)
            if waiting is not None:  # the GPU computes the next batch while this one is used
                yield waiting.cpu().numpy()
            waiting = scores
        if waiting is not None:
            yield waiting.cpu().numpy()
    finally:
        network.train(training)


def _probabilities(network: nn.Module, images: Tensor, device: torch.device) -> Tensor:
    with torch.inference_mode(), mixed_precision(device):
        logits = network(as_input(images, device))[1]
        return torch.sigmoid(logits.float())


def predict_scores(
    network: nn.Module,
    source: ImageSource,
    rows: NDArray[np.integer],
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return (N, L) probabilities of the final logits, noise off, for the named images."""
    scores: NDArray[np.float32] = np.concatenate(
        list(score_batches(network, source, rows, batch_size, device))
    )
    return scores
