"""LesaNet's input: a patch around a lesion at one pixel size, with slices 2 mm above and below.

Source: LesaNet (arXiv 1904.04661, section 4) and its released loader. A patch holds HU, clipped to
the window; `as_patch_input` of the network's side does the rest. P is the patch's side in pixels.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.deeplesion.info import LesionRow
from maknet.data.deeplesion.lesion_shard import ShardFiles, write_lesion_shard
from maknet.data.deeplesion.png import ImageUnreadableError, read_png
from maknet.data.deeplesion.slices import require_inside

PATCH_COLUMNS = ("lesion_index", "patient", "series", "key_slice", "x1", "y1", "x2", "y2",
                 "slices_missing")  # fmt: skip


@dataclass(frozen=True)
class PatchSettings:
    """How patches are cut (config section `lesanet.input`).

    Attributes:
        window_hu: HU are clipped to it.
        pixel_mm: Pixel size that slices are resized to.
        offset_mm: Distance of the two neighbors.
        size: P.
        max_side: Longest side of a resized slice, in pixels.
    """

    window_hu: tuple[float, float]
    pixel_mm: float = 1.0
    offset_mm: float = 2.0
    size: int = 120
    max_side: int = 800


@dataclass(frozen=True)
class LesionPatch:
    """The patch of one lesion.

    Attributes:
        hu: (3, P, P) int16: `offset_mm` above, the key slice, `offset_mm` below.
        box: x1, y1, x2, y2 of the lesion in pixels of the patch.
        missing: How many of the slices that a neighbor is made of were replaced by a nearer one.
    """

    hu: NDArray[np.int16]
    box: tuple[float, float, float, float]
    missing: int


def cut_patch(images: str | Path, lesion: LesionRow, settings: PatchSettings) -> LesionPatch:
    """Cut the patch of one lesion.

    Raises:
        ImageUnreadableError: The key slice is missing, a slice is damaged, or the lesion's box lies
            outside it.
    """
    folder = Path(images) / lesion.series
    window = settings.window_hu
    above, missing_above = _slice_at(folder, lesion, -settings.offset_mm, window)
    key, _ = _slice_at(folder, lesion, 0.0, window)
    below, missing_below = _slice_at(folder, lesion, settings.offset_mm, window)
    if not above.shape == key.shape == below.shape:
        raise ImageUnreadableError(
            f"{folder}: a neighbor of slice {lesion.key_slice} differs in size from it; extract "
            "both again."
        )
    require_inside(lesion, key.shape[0], key.shape[1])
    scale = min(lesion.spacing_mm[0] / settings.pixel_mm, settings.max_side / max(key.shape))
    corners = (np.array(lesion.box) - 1) * scale  # the table counts pixels from 1
    left, top = (round(float(corners[i] + corners[i + 2]) / 2) - settings.size // 2
                 for i in (0, 1))  # fmt: skip
    patch = _resampled(np.stack([above, key, below]), scale, top, left, settings.size)
    box = np.maximum(corners - (left, top, left, top), 0)
    x1, y1, x2, y2 = map(float, box)
    return LesionPatch(np.rint(patch).astype(np.int16), (x1, y1, x2, y2),
                       missing_above + missing_below)  # fmt: skip


def _slice_at(
    folder: Path, lesion: LesionRow, offset_mm: float, window_hu: tuple[float, float]
) -> tuple[NDArray[np.float32], int]:
    """Return the clipped HU (Y, X) at a distance from the key slice, mixed of two if need be."""
    step = lesion.spacing_mm[2]
    steps = offset_mm / step if math.isfinite(step) and step > 0 else 0.0
    near, far = math.trunc(steps), math.trunc(steps) + (1 if steps > 0 else -1)
    fraction = abs(steps - near)
    first, missing = _existing(folder, lesion.key_slice, near)
    first = np.clip(first, *window_hu)
    if math.isclose(fraction, 0, abs_tol=1e-6):
        return first, missing
    second, more = _existing(folder, lesion.key_slice, far)
    if first.shape != second.shape:
        raise ImageUnreadableError(
            f"{folder}: slices {near} and {far} steps from {lesion.key_slice} differ in size; "
            "extract both again."
        )
    mixed: NDArray[np.float32] = (1 - fraction) * first + fraction * np.clip(second, *window_hu)
    return mixed, missing + more


def _existing(folder: Path, key: int, steps: int) -> tuple[NDArray[np.float32], int]:
    """Return the slice so many steps from the key, or the next one towards it that is on disk."""
    missing = 0
    while steps and not (folder / f"{key + steps:03d}.png").is_file():
        steps -= 1 if steps > 0 else -1
        missing = 1
    return read_png(folder / f"{key + steps:03d}.png").astype(np.float32), missing


def _resampled(
    slices: NDArray[np.float32], scale: float, top: int, left: int, size: int
) -> NDArray[np.float32]:
    """Return a window of the resized slices, bilinear, their border replicated where it ends.

    Only the window is computed. Pixel centers lie as in OpenCV and torch: a resized pixel i has its
    center at (i + 0.5) / scale - 0.5 of the original.
    """
    rows, row_next, row_part = _sources(slices.shape[1], scale, top, size)
    columns, column_next, column_part = _sources(slices.shape[2], scale, left, size)
    upper, lower = slices[:, rows], slices[:, row_next]
    mixed = upper + (lower - upper) * row_part[:, None]
    start, end = mixed[:, :, columns], mixed[:, :, column_next]
    window: NDArray[np.float32] = start + (end - start) * column_part
    return window


def _sources(
    length: int, scale: float, start: int, size: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Return for `size` resized pixels the two original ones and the part of the second."""
    resized = max(1, round(length * scale))
    place = np.clip(np.arange(start, start + size), 0, resized - 1)
    center = np.clip((place + 0.5) / scale - 0.5, 0, length - 1)
    first = np.floor(center).astype(np.intp)
    return first, np.minimum(first + 1, length - 1), (center - first).astype(np.float32)


def write_patch_shard(
    dl_info: str | Path, images: str | Path, lesions: NDArray[np.int64], settings: PatchSettings,
    max_unreadable: int, files: ShardFiles,
) -> None:  # fmt: skip
    """Cut the patches of the named lesions and write their shard, (N, 3, P, P) int16 HU.

    Args:
        dl_info: `DL_info.csv`.
        images: `Images_png/`.
        lesions: Lesion numbers (N,), in the order of the shard.
        settings: How patches are cut.
        max_unreadable: How many lesions may be left out.
        files: What is written.

    Raises:
        InputError: More than `max_unreadable` lesions have no readable image.
    """

    def prepare(lesion: LesionRow) -> tuple[NDArray[np.int16], dict[str, object]]:
        patch = cut_patch(images, lesion, settings)
        box = zip(PATCH_COLUMNS[4:8], patch.box, strict=True)
        corners = {name: f"{value:.4f}" for name, value in box}
        return patch.hu, {**corners, "slices_missing": patch.missing}

    empty = np.empty((0, 3, settings.size, settings.size), np.int16)
    write_lesion_shard(dl_info, lesions, prepare, PATCH_COLUMNS, empty, max_unreadable, files)
