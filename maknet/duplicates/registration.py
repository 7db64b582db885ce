"""Two slices brought into one frame: shift and scale along rows and columns, by least squares.

Lucas and Kanade's method from coarse to fine, many pairs at a time. Gray levels may differ by a
factor and an offset. P pairs, S the side of an image, n that of the common grid.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maknet.duplicates.frames import REACH, Frames

_LEVELS = ((20, 4.0, 6), (40, 1.25, 6))  # side of the grid, blur in pixels of 128, steps
_STEP, _FARTHEST = 0.2, 0.8  # of a frame's standard deviation, and of the logarithm of its scale


@dataclass(frozen=True)
class Placement:
    """Where a slice's pixels lie: a frame's center and spread along rows and columns.

    Attributes:
        center: (P, 2), in parts of the slice's side.
        spread: (P, 2).
    """

    center: Tensor
    spread: Tensor

    @classmethod
    def of(cls, frames: Frames) -> "Placement":
        """Return where frames lie."""
        return cls(torch.from_numpy(frames.center).float(), torch.from_numpy(frames.spread).float())

    def __getitem__(self, rows: NDArray[np.int64]) -> "Placement":
        """Return the places of some slices."""
        return Placement(self.center[rows], self.spread[rows])

    def moved(self, change: Tensor) -> "Placement":
        """Return it shifted and scaled by (P, 4): rows, columns, logarithms of both scales."""
        shift, scale = change[:, :2], change[:, 2:].exp()
        return Placement(self.center + shift * self.spread, self.spread * scale)


def gaussian(images: Tensor, sigma: float) -> Tensor:
    """Blur images (P, C, Y, X); `sigma` is in pixels."""
    down, across = (_gaussian_matrix(side, sigma) for side in images.shape[-2:])
    return down @ images @ across


@lru_cache(maxsize=32)
def _gaussian_matrix(side: int, sigma: float) -> Tensor:
    """Return the blur along an axis as a matrix: as fast as it gets for so few pixels."""
    reach = max(1, round(3 * sigma))
    kernel = torch.exp(-(torch.arange(-reach, reach + 1) ** 2) / (2 * sigma**2))
    return banded(side, reach, kernel / kernel.sum())


def banded(side: int, reach: int, kernel: Tensor) -> Tensor:
    """Return the matrix (side, side) that sums up to `reach` neighbors to each side by a kernel."""
    offsets = torch.arange(side)[:, None] - torch.arange(side) + reach
    inside = (offsets >= 0) & (offsets <= 2 * reach)
    return torch.where(inside, kernel[offsets.clamp(0, 2 * reach)], torch.zeros(()))


def sample(images: Tensor, placement: Placement, side: int) -> tuple[Tensor, Tensor]:
    """Sample images (P, C, S, S) on the common grid.

    Returns:
        The samples (P, C, n, n), and where the images have pixels, (P, 1, n, n).
    """
    at = torch.linspace(-REACH, REACH, side)
    rows, columns = (
        2 * (placement.center[:, i, None] + at * placement.spread[:, i, None]) - 1 for i in (0, 1)
    )
    grid = torch.stack(
        [columns[:, None].expand(-1, side, -1), rows[:, :, None].expand(-1, -1, side)], -1
    )
    inside = (grid.abs() <= 1).all(-1)[:, None]
    return F.grid_sample(images, grid, align_corners=False), inside


def register(first: Tensor, second: Tensor, at: Placement, start: Placement) -> Placement:
    """Return where the second slices lie so that they show what the first ones show.

    Args:
        first: (P, 1, S, S), S up to 128 or so.
        second: (P, 1, S', S').
        at: Frames of the first.
        start: Frames of the second.
    """
    change = torch.zeros(len(first), 4)
    for side, blur, steps in _LEVELS:
        target, inside = sample(gaussian(first, blur * first.shape[-1] / 128), at, side)
        blurred = gaussian(second, blur * second.shape[-1] / 128)
        for _ in range(steps):
            step = _step(target, inside, blurred, start, change)
            change = (change + step.clamp(-_STEP, _STEP)).clamp(-_FARTHEST, _FARTHEST)
    return start.moved(change)


def _step(
    target: Tensor, inside: Tensor, blurred: Tensor, start: Placement, change: Tensor
) -> Tensor:
    """Return the change (P, 4) that brings the second slices nearest to the first, linearized."""
    side = target.shape[-1]
    moved, both = sample(blurred, start.moved(change), side)
    known = (inside & both)[:, 0].float()
    known = F.pad(known[:, 1:-1, 1:-1], (1, 1, 1, 1))  # there is no slope at the border
    at = torch.linspace(-REACH, REACH, side)
    across = F.pad(moved[:, 0, :, 2:] - moved[:, 0, :, :-2], (1, 1)) / (2 * (at[1] - at[0]))
    down = F.pad(moved[:, 0, 2:] - moved[:, 0, :-2], (0, 0, 1, 1)) / (2 * (at[1] - at[0]))
    scale = change[:, 2:].exp()[..., None, None]
    slopes = torch.stack(
        [
            down / scale[:, 0], across / scale[:, 1], down * at[:, None], across * at,
            moved[:, 0], torch.ones_like(down),
        ],
        -1,
    )  # fmt: skip
    slopes = (slopes * known[..., None]).flatten(1, 2)
    residual = ((target - moved)[:, 0] * known).flatten(1)
    normal = slopes.transpose(1, 2) @ slopes + 1e-3 * torch.eye(6)
    wanted = slopes.transpose(1, 2) @ residual[..., None]
    solved: Tensor = torch.linalg.solve(normal, wanted)
    return solved[:, :4, 0]
