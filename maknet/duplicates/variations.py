"""What a slice may look like in a copy: noise, kernels, half a slice of shift, a cut picture.

They teach the metric what not to see, and stand for the copies that a search looks for. N images,
C slices, S the image side.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from maknet.duplicates.frames import SOFT_HU

_NOISE_HU = (10.0, 40.0)
_BLUR = (0.003, 0.006)  # standard deviation of a softer kernel, in parts of the side
_SHARPENING = (0.5, 1.5)
_CUT = 0.1  # of the side
# Cuts of the sides top, bottom, left, right that a labeled slice is looked for with.
CUTS = ((0.0,) * 4, *(tuple(_CUT if side == at else 0.0 for side in range(4)) for at in range(4)))


def cut(slices: NDArray[np.uint8], parts: tuple[float, ...]) -> NDArray[np.uint8]:
    """Cut parts of the side off slices (N, S, S); the picture is no longer square."""
    side = slices.shape[1]
    top, bottom, left, right = (round(part * side) for part in parts)
    return np.ascontiguousarray(slices[:, top : side - bottom, left : side - right])


def variations(
    images: NDArray[np.uint8], window_hu: tuple[float, float], generator: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    """Yield the middle slices of images (N, C, S, S), changed in one way each, (N, S', S'')."""
    from scipy.ndimage import gaussian_filter

    middle, side = images[:, images.shape[1] // 2], images.shape[-1]
    gray = middle.astype(np.float32)
    a_hu = np.float32(255 / (window_hu[1] - window_hu[0]))
    noise = gaussian_filter(generator.standard_normal(gray.shape, np.float32), (0, 0.6, 0.6))
    yield _whole(gray + noise / noise.std() * generator.uniform(*_NOISE_HU) * a_hu)
    yield _whole(gaussian_filter(gray, (0, *[generator.uniform(*_BLUR) * side] * 2)))
    fine = gray - gaussian_filter(gray, (0, _BLUR[1] * side, _BLUR[1] * side))
    yield _whole(gray + generator.uniform(*_SHARPENING) * fine)
    for neighbor in (images[:, 0], images[:, -1]):
        yield _whole((gray + neighbor) / 2)
    for at in range(4):
        yield cut(middle, tuple(generator.uniform(0, _CUT / 2) * (side == at) for side in range(4)))
    low, high = ((hu - window_hu[0]) * a_hu for hu in SOFT_HU)
    yield _whole(np.clip(gray, low, high))


def _whole(gray: NDArray[np.floating]) -> NDArray[np.uint8]:
    whole: NDArray[np.uint8] = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
    return whole
