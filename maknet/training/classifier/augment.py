"""The student's noise: random changes of a whole batch at once, on the device (paper section 4.2).

The paper names rotations, resized crops, grayscale and auto-contrast, not their strengths. Each
image has its own random parameters, drawn on the CPU from (seed, purpose, pass, image), so that
they depend on neither the batch nor the device nor what ran before. There are no flips: left and
right are labels. B images, C slices, S the image side.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maknet.seeding import generator

_NUM_PARAMS = 7  # angle, area, ratio, two places, grayscale, contrast
_LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as in torchvision's grayscale


@dataclass(frozen=True)
class Augmentation:
    """Strengths of the student's noise (config section `augmentation`).

    Attributes:
        rotation_deg: Maximum rotation to either side in degrees.
        crop_area: Smallest and largest fraction of the image area that a crop keeps.
        crop_ratio: Smallest and largest aspect ratio of a crop, width over height.
        grayscale: Probability that all slices of an image are replaced by their weighted mean.
        autocontrast: Probability that each slice of an image is stretched to [0, 1].
    """

    rotation_deg: float
    crop_area: tuple[float, float]
    crop_ratio: tuple[float, float]
    grayscale: float
    autocontrast: float

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "Augmentation":
        """Read the config section `augmentation`."""
        pairs = {name: tuple(section[name]) for name in ("crop_area", "crop_ratio")}
        return cls(**{**section, **pairs})

    def __call__(self, images: Tensor, params: Tensor) -> Tensor:
        """Return the augmented images.

        Args:
            images: (B, C, S, S) floats in [0, 1], contiguous, which makes sampling twice as fast.
            params: Uniform random numbers in [0, 1), (B, 7), on the CPU, where it is decided which
                images change.

        Returns:
            (B, C, S, S) floats in [0, 1].
        """
        placement = self._affine_matrix(params).to(images.device, non_blocking=True)
        grid = F.affine_grid(placement, list(images.shape), align_corners=False)
        changed = F.grid_sample(images, grid, align_corners=False)  # outside is 0, air
        _change(changed, params[:, 5] < self.grayscale, _gray)
        _change(changed, params[:, 6] < self.autocontrast, _stretch)
        return changed

    def _affine_matrix(self, params: Tensor) -> Tensor:
        """Return the affine map of each image from its result to its source, (B, 2, 3)."""
        angle = (2 * params[:, 0] - 1) * math.radians(self.rotation_deg)
        area = _between(params[:, 1], *self.crop_area)
        ratio = torch.exp(_between(params[:, 2], *map(math.log, self.crop_ratio)))
        width = (area * ratio).sqrt().clamp(max=1)
        height = (area / ratio).sqrt().clamp(max=1)
        x, y = (2 * params[:, 3] - 1) * (1 - width), (2 * params[:, 4] - 1) * (1 - height)
        cos, sin = torch.cos(angle), torch.sin(angle)
        rows = torch.stack([cos * width, -sin * height, x, sin * width, cos * height, y], 1)
        return rows.view(-1, 2, 3)


def _change(images: Tensor, chosen: Tensor, change: Callable[[Tensor], Tensor]) -> None:
    """Change the chosen images in place; no time is spent on the others."""
    rows = chosen.nonzero().squeeze(1).to(images.device, non_blocking=True)
    if len(rows):
        images.index_copy_(0, rows, change(images.index_select(0, rows)))


def _gray(images: Tensor) -> Tensor:
    luma = torch.tensor(_LUMA, device=images.device, dtype=images.dtype).view(1, 3, 1, 1)
    return (images * luma).sum(1, keepdim=True).expand_as(images)


def _stretch(images: Tensor) -> Tensor:
    """Stretch each slice to [0, 1]; one of a single value stays as it is."""
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    span = high - low
    return torch.where(span > 0, (images - low) / torch.where(span > 0, span, 1), images)


def _between(unit: Tensor, low: float, high: float) -> Tensor:
    return low + unit * (high - low)


def sample_params(seed: int, purpose: str, epoch: int, count: int) -> NDArray[np.float32]:
    """Draw the augmentation parameters of all images of one pass.

    Args:
        seed: Seed of the run.
        purpose: Name that separates these draws from others of the seed.
        epoch: Pass over the images, counted from 0.
        count: Number of images.

    Returns:
        Uniform random numbers in [0, 1), (count, 7).
    """
    return generator(seed, purpose, epoch).random((count, _NUM_PARAMS), np.float32)
