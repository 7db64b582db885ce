"""Probabilities of LesaNet for lesions on disk. N lesions, L labels."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.data.batch_reader import in_batches, read_batches
from maknet.data.shards import ShardReader
from maknet.models.device import mixed_precision
from maknet.models.lesanet import patch_input


def score_lesions(
    network: nn.Module,
    patches: ShardReader,
    boxes: NDArray[np.float32],
    window_hu: tuple[float, float],
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return (N, L) probabilities after score propagation.

    The network's mode is put back at the end.
    """
    training = network.training
    network.eval()
    plan = in_batches(patches, np.arange(len(patches)), batch_size)
    scores = []
    with torch.inference_mode(), mixed_precision(device):
        for (part,), pixels in zip(plan, read_batches(plan, batch_size, device), strict=True):
            regions = torch.from_numpy(boxes[part.rows]).to(device)
            logits = network(patch_input(pixels, window_hu, device), regions).propagated
            scores.append(torch.sigmoid(logits.float()).cpu().numpy())
    network.train(training)
    joined: NDArray[np.float32] = np.concatenate(scores)
    return joined
