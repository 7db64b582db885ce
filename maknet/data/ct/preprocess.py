"""From HU to the network's input: window, crop of the black background, resize, triplets.

Source: paper section 4.1. The same functions serve TCIA volumes and DeepLesion slices, so that
teacher and student see one domain. Z slices, Y rows, X columns, S the image size.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.ct.series import Volume

Box = tuple[int, int, int, int]  # first row, end row, first column, end column
_MASK_SIDE = 128  # the body is found on a mask of about this side
_MIN_BODY = 0.125  # a region narrower than this part of the image is a table, not a body
INDEX_COLUMNS = (
    "series_uid", "triplet", "first_slice", "position_mm", "step_mm", "row_mm", "column_mm",
    "crop_top", "crop_bottom", "crop_left", "crop_right",
)  # fmt: skip


@dataclass(frozen=True)
class ImageSettings:
    """How HU become an image (config section `image`).

    Attributes:
        window_hu: HU shown as 0 and as 255.
        size: Side of the square image in pixels.
        crop: Whether the black background is clipped.
        body_threshold_hu: Pixels above it may be body.
    """

    window_hu: tuple[float, float] = (-1024.0, 3071.0)
    size: int = 256
    crop: bool = True
    body_threshold_hu: float = -500.0


@dataclass(frozen=True)
class Triplets:
    """The images of one or more volumes.

    Attributes:
        images: (N, 3, S, S) uint8, cranial slice first.
        index: One row an image, columns `INDEX_COLUMNS`; `first_slice` counts from the cranial end
            and `position_mm` belongs to the middle slice.
        left_over: Slices at the end that fill no triplet.
        empty: Triplets without a body, left out.
    """

    images: NDArray[np.uint8]
    index: pd.DataFrame
    left_over: int
    empty: int


def prepare_volume(volume: Volume, settings: ImageSettings) -> Triplets:
    """Cut a volume into triplets of consecutive slices without overlap.

    The patient is turned to the standard view first: cranial slice first, as DeepLesion numbers its
    slices, anterior up, right side left.
    """
    hu, positions, spacing = reorient(volume)
    images: list[NDArray[np.uint8]] = []
    rows: list[tuple[object, ...]] = []
    count = len(hu) // 3
    for triplet in range(count):
        first = 3 * triplet
        prepared = prepare_slices(hu[first : first + 3], settings)
        if prepared is None:
            continue
        image, box = prepared
        images.append(image)
        place = (volume.series_uid, triplet, first, round(float(positions[first + 1]), 3))
        rows.append((*place, *(round(v, 4) for v in spacing), *box))
    shape = (0, 3, settings.size, settings.size)
    return Triplets(
        np.stack(images) if images else np.empty(shape, np.uint8),
        pd.DataFrame(rows, columns=list(INDEX_COLUMNS)),
        left_over=len(hu) - 3 * count,
        empty=count - len(images),
    )


def prepare_slices(
    hu: NDArray[np.int16], settings: ImageSettings
) -> tuple[NDArray[np.uint8], Box] | None:
    """Turn slices (C, Y, X) in HU into an image (C, S, S) uint8 and its crop box.

    Returns:
        None when cropping is on and there is no body in the slices.
    """
    box: Box | None = (0, hu.shape[1], 0, hu.shape[2])
    if settings.crop:
        box = body_box(hu, settings.body_threshold_hu)
    if box is None:
        return None
    top, bottom, left, right = box
    windowed = window_hu(hu[:, top:bottom, left:right], settings.window_hu)
    return resize(windowed, settings.size), box


def window_hu(hu: NDArray[np.int16], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Map HU linearly to 0..255, clipped at the window's ends."""
    # A table of all int16 values is 5 times faster than arithmetic on floats, and exact.
    table = _window_table(window)
    return np.take(table, np.ascontiguousarray(hu).view(np.uint16))


def body_box(hu: NDArray[np.int16], threshold_hu: float) -> Box | None:
    """Return the bounding box of the largest body-like region in the union of slices (C, Y, X).

    A 3 x 3 opening on a reduced mask takes tubes and table edges off, and the largest connected
    region leaves the table out.
    """
    from scipy import ndimage

    step = max(1, round(min(hu.shape[1:]) / _MASK_SIDE))
    mask = np.any(hu[:, ::step, ::step] > threshold_hu, axis=0)
    labels, regions = ndimage.label(_opened(mask))
    if not regions:
        return None
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    body = labels == sizes.argmax()
    rows, columns = np.flatnonzero(body.any(1)), np.flatnonzero(body.any(0))
    height, width = (int(line[-1] - line[0] + 1) for line in (rows, columns))
    if height < _MIN_BODY * mask.shape[0] or width < _MIN_BODY * mask.shape[1]:
        return None
    bottom, right = (rows[-1] + 1) * step, (columns[-1] + 1) * step
    return (
        int(rows[0] * step),
        int(min(bottom, hu.shape[1])),
        int(columns[0] * step),
        int(min(right, hu.shape[2])),
    )


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize (C, Y, X) to (C, S, S), bilinear with antialiasing; the aspect is not kept."""
    import torch
    from torch.nn.functional import interpolate

    if images.shape[1:] == (size, size):
        return images
    resized = interpolate(
        torch.from_numpy(images)[None], (size, size), mode="bilinear", antialias=True
    )
    result: NDArray[np.uint8] = resized[0].numpy()
    return result


def reorient(
    volume: Volume,
) -> tuple[NDArray[np.int16], NDArray[np.float64], tuple[float, float, float]]:
    """Return HU, positions and spacing of the patient seen from the feet, on the back."""
    row, column = volume.direction[:3], volume.direction[3:]
    hu, positions, spacing = volume.hu, volume.positions_mm, volume.spacing_mm
    if np.cross(row, column)[2] > 0:
        hu, positions = hu[::-1], positions[::-1]
    if abs(row[1]) > abs(row[0]):  # lying on the side: rows run from front to back
        hu, row, column = hu.transpose(0, 2, 1), column, row
        spacing = (spacing[0], spacing[2], spacing[1])
    if row[0] < 0:
        hu = hu[:, :, ::-1]
    if column[1] < 0:
        hu = hu[:, ::-1]
    return hu, positions, spacing


def _window_table(window: Sequence[float]) -> NDArray[np.uint8]:
    """Return the gray level of each int16 bit pattern, (65536,)."""
    low, high = window
    hu = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.float64)
    return np.rint(np.clip((hu - low) * (255.0 / (high - low)), 0, 255)).astype(np.uint8)


def _opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the 3 x 3 binary opening; shifted ANDs are 10 times faster than scipy's here."""
    core = mask[:-2] & mask[1:-1] & mask[2:]
    core = core[:, :-2] & core[:, 1:-1] & core[:, 2:]
    rows = np.zeros((mask.shape[0], core.shape[1]), bool)
    opened = np.zeros_like(mask)
    for shift in range(3):
        rows[shift : shift + core.shape[0]] |= core
    for shift in range(3):
        opened[:, shift : shift + core.shape[1]] |= rows
    return opened
