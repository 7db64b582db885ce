"""Where the body lies in a slice, by the first two moments of its lean tissue.

A frame moves with the patient under another field of view, pixel size, window, kernel or table,
where a bounding box jumps. N slices, S their side in pixels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 64  # of the reduced slices that frames and fingerprints are made from
REACH = 2.2  # standard deviations to each side that a frame shows
SOFT_HU = (-160.0, 240.0)  # the window in which scans are compared
# 0 below, 1 above: muscle, organs and bone count; fat, cushions and air do not.
_LEAN_HU = (-50.0, 50.0)
_ROUNDS = 3  # moments are taken again within the frame, without what lies far off


@dataclass(frozen=True)
class Frames:
    """Frames of N slices, in parts of the slice's side.

    Attributes:
        center: Mean row and column, (N, 2).
        spread: Standard deviation along rows and columns, (N, 2).
    """

    center: NDArray[np.float64]
    spread: NDArray[np.float64]


def reduced_hu(slices: NDArray[np.uint8], window_hu: tuple[float, float]) -> NDArray[np.float32]:
    """Return prepared slices (N, Y, X) uint8 as means in HU, (N, 64, 64)."""
    low, high = window_hu
    rows, down = _sums(slices, 1)
    total, across = _sums(rows, 2)
    scale = np.float32((high - low) / 255 / (down * across))
    return total.astype(np.float32) * scale + np.float32(low)


def _sums(slices: NDArray[np.unsignedinteger], axis: int) -> tuple[NDArray[np.uint32], int]:
    """Return 64 sums of neighbors along an axis, and of how many each: five times a pooling."""
    length = slices.shape[axis]
    starts, count = np.arange(SIDE) * length // SIDE, max(1, length // SIDE)
    total = slices.take(starts, axis).astype(np.uint32)
    for offset in range(1, count):
        total += slices.take(starts + offset, axis)
    return total, count


def body_frames(hu: NDArray[np.float32]) -> Frames:
    """Return the frame of each slice (N, 64, 64) in HU; one without a body has any."""
    low, high = _LEAN_HU
    lean = np.clip((hu.astype(np.float64) - low) / (high - low), 0, 1)
    axis = (np.arange(hu.shape[1]) + 0.5) / hu.shape[1]
    within = np.ones((2, *lean.shape[:2]))
    for _ in range(_ROUNDS):
        rows = np.einsum("nyx,nx->ny", lean, within[1]) * within[0]
        columns = np.einsum("nyx,ny->nx", lean, within[0]) * within[1]
        center, spread = np.stack([_moments(line, axis) for line in (rows, columns)]).swapaxes(0, 1)
        near = np.abs(axis - center[..., None]) < REACH * spread[..., None]
        within = near.astype(np.float64)
    return Frames(center.T, spread.T)


def _moments(mass: NDArray[np.float64], axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mean and standard deviation of N profiles along an axis, (2, N)."""
    total = mass.sum(1) + 1e-6
    mean = mass @ axis / total
    return np.stack([mean, np.sqrt(np.maximum(mass @ axis**2 / total - mean**2, 1e-4))])
