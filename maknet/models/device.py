"""Device selection, mixed precision and input transfer; a missing GPU is an error, no fallback.

B images, C channels, S the image side.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from maknet.errors import InputError


def get_device(name: str) -> torch.device:
    """Return the device of the config key `device`: `cpu` or `cuda`.

    Raises:
        InputError: A GPU was asked for and none is visible.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "device: cuda was asked for but no GPU is visible; run on a node with a GPU or set "
            "device: cpu."
        )
    return torch.device(name)


@contextmanager
def mixed_precision(device: torch.device) -> Iterator[None]:
    """Compute in bfloat16 on a GPU, where it is fast, and in float32 on the CPU."""
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        yield


def as_input(images: Tensor, device: torch.device) -> Tensor:
    """Move images to the device as floats in [0, 1], channels last.

    Args:
        images: (B, C, S, S) uint8.
        device: Device to move to.

    Returns:
        (B, C, S, S) float32.
    """
    return scaled(images, device).contiguous(memory_format=torch.channels_last)


def scaled(images: Tensor, device: torch.device) -> Tensor:
    """Move images to the device as floats in [0, 1], in torch's default layout.

    Args:
        images: (B, C, S, S) uint8.
        device: Device to move to.

    Returns:
        (B, C, S, S) float32.
    """
    return images.to(device, non_blocking=True).float().div_(255)
