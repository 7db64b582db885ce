"""Probabilities of LesaNet for lesions on disk, in float32 on every device.

N lesions, P the patch's side, L labels.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.data.shards.labeled_patches import load_boxes
from maknet.data.shards.prefetch import prefetch, split_batches
from maknet.data.shards.shard import ShardReader
from maknet.models.lesanet import patch_input


def score_lesions(
    network: nn.Module,
    patches: ShardReader,
    boxes: NDArray[np.float32],
    window_hu: tuple[float, float],
    batch_size: int,
    device: torch.device,
) -> NDArray[np.float32]:
    """Return the probabilities after score propagation, (N, L).

    Args:
        network: A LesaNet; its mode is restored at the end.
        patches: Shard of patches, (N, 3, P, P) int16 HU.
        boxes: x1, y1, x2, y2 in pixels of the patch, (N, 4).
        window_hu: Lower and upper end of the HU window.
        batch_size: Patches per batch.
        device: Device of the network.
    """
    training = network.training
    network.eval()
    plan = split_batches(patches, np.arange(len(patches)), batch_size)
    scores = []
    try:
        with torch.inference_mode():
            for (part,), pixels in zip(plan, prefetch(plan, batch_size, device), strict=True):
                regions = torch.from_numpy(boxes[part.rows]).to(device)
                logits = network(patch_input(pixels, window_hu, device), regions).propagated
                scores.append(torch.sigmoid(logits).cpu().numpy())
    finally:
        network.train(training)
    joined: NDArray[np.float32] = np.concatenate(scores)
    return joined


def score_patch_shard(
    network: nn.Module, shard: str | Path, index: str | Path, window_hu: Sequence[float],
    batch_size: int, device: torch.device,
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:  # fmt: skip
    """Score every patch of a shard.

    Args:
        network: A LesaNet.
        shard: `.npy` of patches, (N, 3, P, P) int16 HU.
        index: CSV with a row per patch.
        window_hu: Lower and upper end of the HU window.
        batch_size: Patches per batch.
        device: Device of the network.

    Returns:
        Probabilities (N, L) and lesion numbers (N,).
    """
    lesions, boxes = load_boxes(index)
    low, high = window_hu
    with ShardReader(shard) as patches:
        scores = score_lesions(network, patches, boxes, (low, high), batch_size, device)
    return scores, lesions
