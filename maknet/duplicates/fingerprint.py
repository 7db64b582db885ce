"""Fingerprints: 65 bytes a slice that outlive what happens to a scan on its way between archives.

A cosine transform of the soft tissue within the body's frame, low frequencies only: the field of
view, the pixel size and the background drop out, and a window, a kernel, noise or JPEG change it
little. What it can be compared by is learned later (`maknet.duplicates.metric`). N slices, S their
side in pixels, F numbers a fingerprint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays, save_arrays
from maknet.duplicates.frames import REACH, SIDE, SOFT_HU, Frames, body_frames, reduced_hu
from maknet.errors import InputError

_ORDER = 10  # half waves along rows and columns together
_STEPS = 300.0  # of the stored whole numbers, for a vector of length 1
_BLOCK = 32  # slices at a time
LENGTH = (_ORDER + 1) * (_ORDER + 2) // 2 - 1


def fingerprints(slices: NDArray[np.uint8], window_hu: tuple[float, float]) -> NDArray[np.int8]:
    """Return the fingerprints of prepared slices.

    Args:
        slices: (N, S, S) uint8.
        window_hu: HU shown as 0 and as 255.

    Returns:
        (N, F) int8.
    """
    blocks = [slices[start : start + _BLOCK] for start in range(0, len(slices), _BLOCK)]
    found = [_fingerprints(reduced_hu(block, window_hu)) for block in blocks]
    return np.concatenate([np.empty((0, LENGTH), np.int8), *found])


def image_fingerprints(
    images: NDArray[np.uint8], window_hu: tuple[float, float]
) -> NDArray[np.int8]:
    """Return the fingerprints of the slices of images (N, C, S, S), as (N, C, F)."""
    flat = fingerprints(images.reshape(-1, *images.shape[2:]), window_hu)
    return flat.reshape(*images.shape[:2], LENGTH)


def _fingerprints(hu: NDArray[np.float32]) -> NDArray[np.int8]:
    low, high = SOFT_HU
    soft = np.clip((hu.astype(np.float64) - low) / (high - low), 0, 1)
    rows, columns = _waves(body_frames(hu))
    weight = rows[:, :1].swapaxes(1, 2) * columns[:, :1]
    mean = (soft * weight).sum((1, 2)) / np.maximum(weight.sum((1, 2)), 1e-9)
    transform = rows @ (soft - mean[:, None, None]) @ columns.swapaxes(1, 2)
    down, across = np.indices(transform.shape[1:])
    kept = (down + across <= _ORDER) & (down + across > 0)
    values = transform[:, kept] * np.hypot(down, across)[kept]
    length = np.linalg.norm(values, axis=1, keepdims=True)
    values *= np.divide(_STEPS, length, out=np.zeros_like(length), where=length > 1e-9)
    found: NDArray[np.int8] = np.clip(np.rint(values), -127, 127).astype(np.int8)
    return found


def _waves(frames: Frames) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return half waves 0 to the order along rows and along columns, (N, K, 64) each.

    They fade towards the frame's end; the first one is that weight alone.
    """
    found = []
    order = np.arange(_ORDER + 1)[:, None]
    for along in (0, 1):
        axis = (np.arange(SIDE) + 0.5) / SIDE
        at = (axis - frames.center[:, along, None]) / (REACH * frames.spread[:, along, None])
        fading = np.where(np.abs(at) < 1, np.cos(np.pi / 2 * at), 0.0)
        found.append(np.cos(np.pi * order * (at[:, None] + 1) / 2) * fading[:, None])
    return found[0], found[1]


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of a shard's images.

    Attributes:
        values: (N, C, F) int8.
        window_hu: HU shown as 0 and as 255 in the images.
    """

    values: NDArray[np.int8]
    window_hu: tuple[float, float]


def save_fingerprints(
    path: str | Path, parts: Sequence[NDArray[np.int8]], window_hu: tuple[float, float]
) -> None:
    """Write the fingerprints of a shard as an `.npz`.

    Args:
        path: File to write.
        parts: Fingerprints of its images in order, (N, 3, F) each; there may be none.
        window_hu: HU shown as 0 and as 255 in the images.
    """
    values = np.concatenate([np.empty((0, 3, LENGTH), np.int8), *parts])
    save_arrays(path, fingerprints=values, window_hu=np.array(window_hu, np.float64))


def load_fingerprints(paths: Sequence[str | Path]) -> Fingerprints:
    """Read the fingerprints of several shards, one after the other.

    Raises:
        InputError: A file is missing or no such file, or the shards' windows differ.
    """
    parts = [(path, load_arrays(path, ("fingerprints", "window_hu"))) for path in paths]
    for path, arrays in parts:
        _require_alike(path, arrays, parts[0][1])
    values = [arrays["fingerprints"] for _, arrays in parts]
    low, high = parts[0][1]["window_hu"]
    return Fingerprints(np.concatenate(values), (float(low), float(high)))


def _require_alike(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], first: Mapping[str, NDArray[Any]]
) -> None:
    values, window = arrays["fingerprints"], arrays["window_hu"]
    if values.dtype != np.int8 or values.ndim != 3 or values.shape[-1] != LENGTH:
        raise InputError(f"{path} holds no fingerprints of this version; prepare it anew.")
    if not np.array_equal(window, first["window_hu"]):
        raise InputError(f"{path} was prepared with another window; prepare all shards alike.")
