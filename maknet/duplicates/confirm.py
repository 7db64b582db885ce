"""Whether two images show the same scan: what is equal in fine detail once they are registered.

Look-alikes of two patients agree in their outlines at best; edges of bone, vessels and bowel agree
in a copy only. Compared is the mean of an image's slices, and single ones where slices lie between
each other's. P pairs, C slices, S the image side, n the side of the common grid.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from maknet.duplicates.frames import SOFT_HU, body_frames, reduced_hu
from maknet.duplicates.registration import Placement, banded, gaussian, register, sample

Window = tuple[float, float]

_BODY = 0.05  # of the soft window: brighter than air and lung
_BAND = (0.7, 2.0)  # sigmas of the blurs whose difference is the detail, in pixels of the grid
_COARSE, _FINE = 40, 96  # sides of the common grid
_PROMISING = 0.7  # of the coarse detail: what agrees less is not looked at in full
_MEDIAN_OF_SQUARES = 0.455  # of a normal variable
_CLEAR = 2.5  # standard deviations of the noise
_LEAST_DETAIL = 0.02  # of the soft window: 8 HU
_HALO = 2  # pixels around the body that are looked at, too
_RIM = 6  # pixels of the fine grid that are the body's outline
_REDUCED = 128  # side of the images that are registered
_AT_A_TIME = 64


@dataclass(frozen=True)
class Comparison:
    """How alike pairs of images are.

    Attributes:
        correlation: Of their fine detail within the body, (P,): 1 for a copy, 0 where the coarse
            detail differs already.
        detail: Which part of the body's inside shows detail, (P,): the more, the more does a
            correlation prove.
        scale: How many pixels of the second image one of the first covers, along rows and columns,
            (P, 2).
    """

    correlation: NDArray[np.float32]
    detail: NDArray[np.float32]
    scale: NDArray[np.float32]


def compare(
    first: NDArray[np.uint8], second: NDArray[np.uint8], windows: tuple[Window, Window]
) -> Comparison:
    """Compare images pair by pair.

    Args:
        first: (P, C, S, S) uint8.
        second: (P, C, S', S') uint8.
        windows: HU shown as 0 and as 255, of the first and of the second.
    """
    none = np.zeros(len(first), np.float32)
    found = Comparison(none, none.copy(), np.ones((len(first), 2), np.float32))
    for start in range(0, len(first), _AT_A_TIME):
        part = slice(start, start + _AT_A_TIME)
        pairs = _Pairs.of(first[part], second[part], windows)
        promising = start + np.flatnonzero(pairs.coarse() >= _PROMISING)
        found.scale[part] = pairs.scale()
        if len(promising):
            chosen = pairs[promising - start]
            found.correlation[promising], found.detail[promising] = chosen.fine()
    return found


def side_by_side(
    first: NDArray[np.uint8], second: NDArray[np.uint8], windows: tuple[Window, Window]
) -> NDArray[np.float32]:
    """Return the means of both images' slices in one frame, (P, 2, n, n), 0 to 1 in soft tissue.

    Args:
        first: (P, C, S, S) uint8.
        second: (P, C, S', S') uint8.
        windows: HU shown as 0 and as 255, of the first and of the second.
    """
    pairs = _Pairs.of(first, second, windows)
    shown = [_on_fine_grid(pairs.first, pairs.at)[0], _on_fine_grid(pairs.second, pairs.placed)[0]]
    found: NDArray[np.float32] = torch.cat([_mean(part) for part in shown], 1).numpy()
    return found


@dataclass(frozen=True)
class _Pairs:
    """Pairs of images in the soft-tissue window, and where their bodies lie.

    Attributes:
        first: (P, C, S, S) float32.
        second: (P, C, S', S') float32.
        at: Frames of the first.
        placed: What of the second shows the same.
    """

    first: Tensor
    second: Tensor
    at: Placement
    placed: Placement

    @classmethod
    def of(
        cls, first: NDArray[np.uint8], second: NDArray[np.uint8], windows: tuple[Window, Window]
    ) -> "_Pairs":
        """Register pairs of images."""
        one, other = (
            (_soft(images, window), _frames(images, window))
            for images, window in zip((first, second), windows, strict=True)
        )
        placed = register(_reduced(one[0]), _reduced(other[0]), one[1], other[1])
        return cls(one[0], other[0], one[1], placed)

    def __getitem__(self, rows: NDArray[np.int64]) -> "_Pairs":
        """Return some of the pairs."""
        return _Pairs(self.first[rows], self.second[rows], self.at[rows], self.placed[rows])

    def scale(self) -> NDArray[np.float32]:
        """Return `Comparison.scale`."""
        sides = self.second.shape[-1] / self.first.shape[-1]
        found: NDArray[np.float32] = (self.placed.spread / self.at.spread * sides).numpy()
        return found

    def coarse(self) -> NDArray[np.float32]:
        """Return the correlation of the slices' means on a coarse grid, (P,)."""
        mine, inside = sample(_reduced(self.first), self.at, _COARSE)
        other, there = sample(_reduced(self.second), self.placed, _COARSE)
        body = _around_body(mine, other, inside & there)
        products = _products(_detail(mine) * body, _detail(other) * body)
        found: NDArray[np.float32] = products.amax((1, 2)).numpy()
        return found

    def fine(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return `Comparison.correlation` and `Comparison.detail` on the fine grid, (P,) each."""
        mine, inside = _on_fine_grid(self.first, self.at)
        other, there = _on_fine_grid(self.second, self.placed)
        body = _around_body(_mean(mine), _mean(other), inside & there)
        details = [_detail(_slabs(part)) * body for part in (mine, other)]
        noise = [_noise(part, body) for part in (mine, other)]
        shown = [_shown(d, n, body) for d, n in zip(details, noise, strict=True)]
        clear = [_without_noise(d, n) for d, n in zip(details, noise, strict=True)]
        found = _products(*clear).amax((1, 2))
        return found.numpy(), torch.maximum(*shown).numpy()


def _frames(images: NDArray[np.uint8], window_hu: Window) -> Placement:
    """Return where the body lies in the middle slices of images (P, C, S, S)."""
    return Placement.of(body_frames(reduced_hu(images[:, images.shape[1] // 2], window_hu)))


def _soft(images: NDArray[np.uint8], window_hu: Window) -> Tensor:
    """Return images (P, C, S, S) in the soft-tissue window, 0 to 1."""
    low, high = window_hu
    hu = torch.from_numpy(np.ascontiguousarray(images)).float() * ((high - low) / 255) + low
    return ((hu - SOFT_HU[0]) / (SOFT_HU[1] - SOFT_HU[0])).clamp(0, 1)


def _reduced(images: Tensor) -> Tensor:
    """Return the means of the slices, (P, 1, S, S), on no more pixels than registration needs."""
    mean = _mean(images)
    return F.adaptive_avg_pool2d(mean, _REDUCED) if mean.shape[-1] > _REDUCED else mean


def _on_fine_grid(images: Tensor, placement: Placement) -> tuple[Tensor, Tensor]:
    """Sample images on the fine grid, with means of four pixels of images that have more."""
    if images.shape[-1] <= _FINE:
        return sample(images, placement, _FINE)
    fine, inside = sample(images, placement, 2 * _FINE)
    return F.avg_pool2d(fine, 2), inside[:, :, ::2, ::2] & inside[:, :, 1::2, 1::2]


def _around_body(first: Tensor, second: Tensor, known: Tensor) -> Tensor:
    """Return where either of pictures (P, 1, n, n) shows tissue, and a little around it."""
    body = torch.maximum(first, second) > _BODY
    return (_sums(body.float(), _HALO) > 0).float() * known


def _sums(pictures: Tensor, reach: int) -> Tensor:
    """Return the sum around each pixel, up to `reach` rows and columns to each side."""
    matrix = banded(pictures.shape[-1], reach, torch.ones(2 * reach + 1))
    return matrix @ pictures @ matrix


def _products(first: Tensor, second: Tensor) -> Tensor:
    """Return the correlations (P, A, B) of pictures (P, A, n, n) and (P, B, n, n)."""
    mine, other = (part.flatten(2) for part in (first, second))
    lengths = mine.norm(dim=2)[:, :, None] * other.norm(dim=2)[:, None]
    found: Tensor = mine @ other.transpose(1, 2) / lengths.clamp_min(1e-6)
    return found


def _slabs(images: Tensor) -> Tensor:
    """Return the mean of all slices, the middle one, and the means of it and each neighbor."""
    middle = images[:, images.shape[1] // 2, None]
    around = [(middle + images[:, :1]) / 2, (middle + images[:, -1:]) / 2]
    return torch.cat([_mean(images), middle, *around], 1)


def _mean(images: Tensor) -> Tensor:
    return images.mean(1, keepdim=True)


def _noise(images: Tensor, body: Tensor) -> Tensor:
    """Return the variance of a slice's detail that is noise, (P,).

    Noise is what differs from slice to slice where the anatomy does not, in half of the body.
    """
    bend = _detail(images[:, :1] - 2 * images[:, 1:2] + images[:, -1:]).square() / 6
    middle = torch.where(body > 0, bend, torch.nan).flatten(1).nanmedian(1).values
    return middle.nan_to_num(0) / _MEDIAN_OF_SQUARES


def _without_noise(details: Tensor, noise: Tensor) -> Tensor:
    """Return detail (P, A, n, n) that stands out of the noise, less what noise may add to it."""
    share = torch.tensor([1 / 3, 1.0, 0.5, 0.5])  # of a slice's variance that a slab has
    least = _CLEAR * (noise[:, None] * share).sqrt()[..., None, None]
    return details.sign() * (details.abs() - least).clamp_min(0)


def _shown(details: Tensor, noise: Tensor, body: Tensor) -> Tensor:
    """Return which part of the body's inside has detail that stands out of the noise, (P,)."""
    inside = _sums(body, _RIM) > (2 * _RIM + 1) ** 2 - 0.5
    least = (4 * (noise / 3).sqrt()).clamp_min(_LEAST_DETAIL)
    strong = (details[:, :1].abs() > least[:, None, None, None]) & inside
    part: Tensor = strong.flatten(1).sum(1) / inside.flatten(1).sum(1).clamp_min(1)
    return part


def _detail(pictures: Tensor) -> Tensor:
    return gaussian(pictures, _BAND[0]) - gaussian(pictures, _BAND[1])
