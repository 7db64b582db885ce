"""Synthetic textures, like those of materials: they stand in for ImageNet where it is unavailable.

Ten classes in random colors, scales and orientations, with uneven light and noise. They teach
edges, blobs and frequencies, as the first layers learn from photographs, and nothing of anatomy. N
images, S the image side.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, spatial

from maknet.seeding import generator

Plane = NDArray[np.float64]


@dataclass(frozen=True)
class _Canvas:
    """Coordinates of an image, turned and scaled at random, and the rng that draws on it."""

    rng: np.random.Generator
    size: int

    def axes(self) -> tuple[Plane, Plane]:
        """Return two orthogonal coordinates in periods of a random length."""
        angle = self.rng.uniform(0, np.pi)
        period = self.size / self.rng.uniform(4, 10)
        y, x = np.mgrid[: self.size, : self.size] / period
        along: Plane = x * np.cos(angle) + y * np.sin(angle)
        across: Plane = y * np.cos(angle) - x * np.sin(angle)
        return along, across

    def smooth_noise(self, sigma: float) -> Plane:
        """Return noise of mean 0 and deviation 1, correlated over `sigma` pixels."""
        noise = ndimage.gaussian_filter(
            self.rng.standard_normal((self.size,) * 2), sigma, mode="wrap"
        )
        scaled: Plane = (noise - noise.mean()) / noise.std()
        return scaled


def _stripes(canvas: _Canvas) -> Plane:
    return np.sin(2 * np.pi * canvas.axes()[0])


def _checks(canvas: _Canvas) -> Plane:
    first, second = canvas.axes()
    squares: Plane = np.sign(np.sin(np.pi * first) * np.sin(np.pi * second))
    return squares


def _plaid(canvas: _Canvas) -> Plane:
    first, second = canvas.axes()
    waves: Plane = np.sin(2 * np.pi * first) + np.sin(2 * np.pi * second)
    return waves


def _rings(canvas: _Canvas) -> Plane:
    first, second = canvas.axes()
    center = canvas.rng.uniform(0, 4, 2)
    waves: Plane = np.sin(2 * np.pi * np.hypot(first - center[0], second - center[1]))
    return waves


def _wood(canvas: _Canvas) -> Plane:
    bend = canvas.smooth_noise(canvas.size / 8)
    waves: Plane = np.sin(2 * np.pi * (canvas.axes()[0] + 0.7 * bend))
    return waves


def _dots(canvas: _Canvas) -> Plane:
    first, second = canvas.axes()
    return np.where(np.hypot(first % 1 - 0.5, second % 1 - 0.5) < 0.3, 1.0, -1.0)


def _bricks(canvas: _Canvas) -> Plane:
    first, second = canvas.axes()
    shifted = first / 2 + 0.5 * (np.floor(second) % 2)
    return np.where((shifted % 1 < 0.06) | (second % 1 < 0.12), -1.0, 1.0)


def _stones(canvas: _Canvas) -> Plane:
    points = canvas.rng.uniform(0, canvas.size, (int(canvas.rng.integers(20, 60)), 2))
    places = np.indices((canvas.size, canvas.size)).reshape(2, -1).T
    distance = spatial.KDTree(points).query(places, 2)[0]
    edges = (distance[:, 1] - distance[:, 0]).reshape(canvas.size, canvas.size)
    mortar: Plane = np.minimum(edges / edges.std(), 2.0)
    return mortar


def _spots(canvas: _Canvas) -> Plane:
    return np.sign(canvas.smooth_noise(canvas.size / 24) - 0.3)


def _clouds(canvas: _Canvas) -> Plane:
    return canvas.smooth_noise(canvas.size / 8) + 0.5 * canvas.smooth_noise(canvas.size / 32)


_CLASSES: dict[str, Callable[[_Canvas], Plane]] = {
    "stripes": _stripes, "checks": _checks, "plaid": _plaid, "rings": _rings, "wood": _wood,
    "dots": _dots, "bricks": _bricks, "stones": _stones, "spots": _spots, "clouds": _clouds,
}  # fmt: skip
TEXTURES = tuple(_CLASSES)


def draw_textures(
    count: int, size: int, seed: int, split: str
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Draw images, equally many of each class if `count` allows.

    Args:
        count: Number of images, N.
        size: Image side in pixels, S.
        seed: Seed of the run.
        split: Name that separates these images from others of the seed.

    Returns:
        Images (N, 3, S, S) and their classes (N,).
    """
    images = np.empty((count, 3, size, size), np.uint8)
    classes = np.arange(count) % len(TEXTURES)
    for number, kind in enumerate(classes):
        canvas = _Canvas(generator(seed, "textures", split, number), size)
        images[number] = _colored(canvas, _CLASSES[TEXTURES[kind]](canvas))
    return images, classes


def _colored(canvas: _Canvas, plane: Plane) -> NDArray[np.uint8]:
    """Paint a plane between two random colors, with uneven light and grain."""
    dark, bright = canvas.rng.uniform((0, 150), (105, 255), (3, 2)).T[:, :, None, None]
    inverted = canvas.rng.random((3, 1, 1)) < 0.5
    low, high = np.where(inverted, bright, dark), np.where(inverted, dark, bright)
    share = np.clip((plane - plane.min()) / max(float(np.ptp(plane)), 1e-9), 0, 1)
    light = 1 + 0.15 * canvas.smooth_noise(canvas.size / 3)
    grain = 8 * canvas.rng.standard_normal((3, canvas.size, canvas.size))
    painted = (low + (high - low) * share) * light + grain
    pixels: NDArray[np.uint8] = np.clip(np.rint(painted), 0, 255).astype(np.uint8)
    return pixels
