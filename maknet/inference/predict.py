"""Probabilities of a network for the images of a shard. N images, L labels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.data.batch_reader import read_batches
from maknet.data.shards import ShardReader
from maknet.models.device import as_input, mixed_precision


def predict_scores(
    network: nn.Module,
    reader: ShardReader,
    rows: NDArray[np.integer],
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return (N, L) probabilities of the final logits, noise off, for the named images.

    The network's mode is put back afterwards.
    """
    training = network.training
    network.eval()
    parts = []
    with torch.inference_mode(), mixed_precision(device):
        for _, images in read_batches(reader, rows, batch_size):
            logits = network(as_input(images, device))[1]
            parts.append(torch.sigmoid(logits.float()).cpu().numpy())
    network.train(training)
    scores: NDArray[np.float32] = np.concatenate(parts)
    return scores
