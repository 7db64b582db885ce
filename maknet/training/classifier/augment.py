"""The student's noise: random changes of a whole batch at once, on the device (paper section 4.2).

The paper names rotations, resized crops, grayscale and auto-contrast, not their strengths. Each
image has its own random parameters, drawn on the CPU from (seed, purpose, pass, image), so that
they depend on neither the batch nor the device nor what ran before. There are no flips: left and
right are labels.

A CPU changes a few images at a time, from bytes to the layout that the network wants, so that they
stay in its cache. B images, C slices, S the image side.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maknet.models.device import scaled
from maknet.seeding import generator

_NUM_PARAMS = 7  # angle, area, ratio, two places, grayscale, contrast
_LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as in torchvision's grayscale
_PIECE = 2**17  # pixels of a slice that a CPU thread changes at once: 2 images of 256 x 256


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

    def __call__(self, images: Tensor, params: Tensor, out: Tensor | None = None) -> Tensor:
        """Return the augmented images.

        Args:
            images: (B, C, S, S) uint8.
            params: Uniform random numbers in [0, 1), (B, 7), on the CPU, where it is decided which
                images change.
            out: Memory for the result of a CPU, channels last; fresh memory costs page faults.

        Returns:
            (B, C, S, S) floats in [0, 1], channels last.
        """
        placement = self._affine_matrix(params).to(images.device, non_blocking=True)
        if images.device.type != "cpu":
            changed = self._changed(images, params, placement)
            return changed.contiguous(memory_format=torch.channels_last)
        if out is None:
            out = torch.empty(images.shape, memory_format=torch.channels_last)
        size = max(1, _PIECE // images[0, 0].numel()) * torch.get_num_threads()
        for start in range(0, len(images), size):
            piece = slice(start, start + size)
            out[piece].copy_(self._changed(images[piece], params[piece], placement[piece]))
        return out

    def _changed(self, images: Tensor, params: Tensor, placement: Tensor) -> Tensor:
        """Return the augmented images in torch's default layout, in which they are sampled."""
        grid = _sampling_grid(placement, images.shape)
        # Outside is 0, air.
        changed = F.grid_sample(scaled(images, images.device), grid, align_corners=False)
        _change(changed, params[:, 5] < self.grayscale, _make_gray)
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


def _sampling_grid(placement: Tensor, shape: torch.Size) -> Tensor:
    """Return where each pixel of the results comes from, (B, S, S, 2), as `F.affine_grid` does.

    On a CPU the same products, all x before all y, take a sixth of its time.

    Args:
        placement: Affine maps, (B, 2, 3).
        shape: B, C, S, S.
    """
    if placement.device.type != "cpu":
        return F.affine_grid(placement, list(shape), align_corners=False)
    side = shape[-1]
    grid = placement @ _pixel_centers(side).expand(len(placement), -1, -1)
    return grid.view(-1, 2, side, side).permute(0, 2, 3, 1)


@lru_cache(maxsize=1)
def _pixel_centers(side: int) -> Tensor:
    """Return x, y and 1 of all pixels of an image from -1 to 1, (1, 3, side * side)."""
    itself = F.affine_grid(torch.eye(2, 3)[None], [1, 1, side, side], align_corners=False)
    x, y = itself.view(-1, 2).T
    return torch.stack([x, y, torch.ones_like(x)])[None]


def _change(images: Tensor, chosen: Tensor, change: Callable[[Tensor], None]) -> None:
    """Change the chosen images in place; no time is spent on the others."""
    rows = chosen.nonzero().squeeze(1)
    if images.device.type == "cpu":
        for row in rows.tolist():
            change(images[row])
    elif len(rows):
        rows = rows.to(images.device, non_blocking=True)
        some = images.index_select(0, rows)
        change(some)
        images.index_copy_(0, rows, some)


def _make_gray(images: Tensor) -> None:
    luma = torch.tensor(_LUMA, device=images.device, dtype=images.dtype).view(3, 1, 1)
    images.copy_((images * luma).sum(-3, keepdim=True).expand_as(images))


def _stretch(images: Tensor) -> None:
    """Stretch each slice to [0, 1]; one of a single value stays as it is."""
    low, high = images.amin((-2, -1), keepdim=True), images.amax((-2, -1), keepdim=True)
    span = high - low
    images.sub_(torch.where(span > 0, low, 0)).div_(torch.where(span > 0, span, 1))


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
