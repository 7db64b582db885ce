"""Probabilities of a network for images on disk, in float32 on every device.

In bfloat16 scores move across thresholds, on validation images across those that are chosen there.
N images, B images of a batch, S the image side, L labels.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from maknet.data.shards.labeled_images import index_lesions
from maknet.data.shards.prefetch import ImageSource, prefetch, split_batches
from maknet.data.shards.shard import ShardReader
from maknet.models.device import as_input


def score_batches(
    network: nn.Module,
    source: ImageSource,
    rows: NDArray[np.integer],
    batch_size: int,
    device: torch.device,
    threads: int = 1,
) -> Iterator[NDArray[np.float32]]:
    """Yield the probabilities of each batch from the final logits, noise off, (B, L).

    Args:
        network: MAKNet or a baseline; its mode is restored at the end.
        source: Shard or pool of shards to read the images from.
        rows: Rows of the source, (N,).
        batch_size: Images per batch.
        device: Device of the network.
        threads: Number of threads that read ahead.
    """
    training = network.training
    network.eval()
    batches = split_batches(source, rows, batch_size)
    waiting: Tensor | None = None
    try:
        for images in prefetch(batches, batch_size, device, threads):
            scores = _probabilities(network, images, device)
            if waiting is not None:  # the GPU computes the next batch while this one is used
                yield waiting.cpu().numpy()
            waiting = scores
        if waiting is not None:
            yield waiting.cpu().numpy()
    finally:
        network.train(training)


def _probabilities(network: nn.Module, images: Tensor, device: torch.device) -> Tensor:
    with torch.inference_mode():
        return torch.sigmoid(network(as_input(images, device))[1])


def predict_scores(
    network: nn.Module,
    source: ImageSource,
    rows: NDArray[np.integer],
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return the probabilities of images from the final logits, noise off, (N, L).

    Args:
        network: MAKNet or a baseline; its mode is restored at the end.
        source: Shard or pool of shards to read the images from.
        rows: Rows of the source, (N,).
        batch_size: Images per batch.
        device: Device of the network.
    """
    scores: NDArray[np.float32] = np.concatenate(
        list(score_batches(network, source, rows, batch_size, device))
    )
    return scores


def score_shard(
    network: nn.Module, shard: str | Path, index: str | Path, batch_size: int, device: torch.device
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Score every image of a shard of labeled images.

    Args:
        network: MAKNet or a baseline.
        shard: `.npy` of images, (N, 3, S, S) uint8.
        index: CSV with a row per image.
        batch_size: Images per batch.
        device: Device of the network.

    Returns:
        Probabilities (N, L) and lesion numbers (N,).
    """
    lesions = index_lesions(index)
    with ShardReader(shard) as images:
        scores = predict_scores(network, images, np.arange(len(images)), batch_size, device)
    return scores, lesions
