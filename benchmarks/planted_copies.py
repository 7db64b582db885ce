"""Copies of slices as archives hold them: what a search for duplicates must find.

Each turns slices (C, Y, X) in HU, with their pixel size in mm, into those of a copy. Y rows, X
columns.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

_WINDOWS = ((-160, 240), (-1000, 400), (-200, 1000), (-135, 215))
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Stack:
    """Slices of one scan.

    Attributes:
        hu: (C, Y, X).
        pixel_mm: Side of a pixel.
    """

    hu: Floats
    pixel_mm: float


def _body(hu: Floats) -> NDArray[np.bool_]:
    mask = ndimage.binary_opening((hu > -500).any(0), iterations=2)
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    filled: NDArray[np.bool_] = ndimage.binary_fill_holes((sizes >= 0.2 * sizes.max())[labels])
    return filled


def other_window(stack: Stack, rng: np.random.Generator) -> Stack:
    """Clip to a window and 256 gray levels."""
    low, high = _WINDOWS[rng.integers(len(_WINDOWS))]
    gray = np.rint((np.clip(stack.hu, low, high) - low) / (high - low) * 255)
    return Stack(gray / 255 * (high - low) + low, stack.pixel_mm)


def other_spacing(stack: Stack, rng: np.random.Generator) -> Stack:
    """Resample to pixels of 0.7 to 1.4 times the size."""
    size = rng.uniform(0.7, 1.4)
    return Stack(ndimage.zoom(stack.hu, (1, 1 / size, 1 / size), order=1), stack.pixel_mm * size)


def cropped(stack: Stack, rng: np.random.Generator) -> Stack:
    """Cut the background away, and up to a tenth of the body on one side."""
    rows, columns = (np.flatnonzero(_body(stack.hu).any(axis)) for axis in (1, 0))
    if not len(rows):
        return stack
    parts = rng.permutation([rng.uniform(0, 0.1), 0, 0, 0])
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    top, bottom = rows[0] + parts[0] * height, rows[-1] + 1 - parts[1] * height
    left, right = columns[0] + parts[2] * width, columns[-1] + 1 - parts[3] * width
    inside = stack.hu[:, int(top) : int(bottom), int(left) : int(right)]
    return Stack(inside, stack.pixel_mm)


def mirrored_table(stack: Stack, rng: np.random.Generator) -> Stack:
    """Mirror what lies around the patient."""
    body = ndimage.binary_dilation(_body(stack.hu), iterations=3)
    if body.mean() > 0.6:  # no table in the picture
        return stack
    around = np.where(body[:, ::-1], -1000, stack.hu[:, :, ::-1])
    return Stack(np.where(body, stack.hu, around), stack.pixel_mm)


def noisy(stack: Stack, rng: np.random.Generator) -> Stack:
    """Add correlated noise of 10 to 40 HU."""
    noise = ndimage.gaussian_filter(rng.standard_normal(stack.hu.shape), (0, 0.6, 0.6))
    return Stack(stack.hu + noise / noise.std() * rng.uniform(10, 40), stack.pixel_mm)


def soft_kernel(stack: Stack, rng: np.random.Generator) -> Stack:
    """Blur by 0.5 to 1.2 mm, as a soft kernel does beside a standard one."""
    sigma = rng.uniform(0.5, 1.2) / stack.pixel_mm
    return Stack(ndimage.gaussian_filter(stack.hu, (0, sigma, sigma)), stack.pixel_mm)


def sharp_kernel(stack: Stack, rng: np.random.Generator) -> Stack:
    """Sharpen, noise included."""
    fine = stack.hu - ndimage.gaussian_filter(stack.hu, (0, 1.2, 1.2))
    return Stack(stack.hu + rng.uniform(0.5, 1.5) * fine, stack.pixel_mm)


def half_slice(stack: Stack, rng: np.random.Generator) -> Stack:
    """Shift by half a slice: slices between those of the original."""
    return Stack((stack.hu[:-1] + stack.hu[1:]) / 2, stack.pixel_mm)


def jpeg(stack: Stack, rng: np.random.Generator) -> Stack:
    """Compress in a window of -200 to 600 HU, quality 50 to 90."""
    low, high, found = -200, 600, []
    for hu in stack.hu:
        gray = np.clip((hu - low) / (high - low) * 255, 0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(gray).save(buffer, "JPEG", quality=int(rng.integers(50, 91)))
        found.append(np.asarray(Image.open(buffer), np.float64) / 255 * (high - low) + low)
    return Stack(np.stack(found), stack.pixel_mm)


def all_at_once(stack: Stack, rng: np.random.Generator) -> Stack:
    """Do most of it to one copy."""
    kernel, gray = rng.integers(2, size=2)
    last = (other_window, jpeg)[gray]
    middle = (soft_kernel, sharp_kernel)[kernel]
    for change in (half_slice, cropped, other_spacing, mirrored_table, middle, noisy, last):
        stack = change(stack, rng)
    return stack


COPIES: dict[str, Callable[[Stack, np.random.Generator], Stack]] = {
    "other window": other_window, "0.7 to 1.4 times the spacing": other_spacing,
    "cropped": cropped, "mirrored table": mirrored_table, "noise": noisy,
    "soft kernel": soft_kernel, "sharp kernel": sharp_kernel, "half a slice shifted": half_slice,
    "JPEG": jpeg, "all at once": all_at_once,
}  # fmt: skip
