"""From HU to the network's input: window, crop of the black background, resize, triplets.

Source: paper section 4.1. The same functions serve TCIA volumes and DeepLesion slices, so that
teacher and student see one domain. Z slices, Y rows, X columns, S the image size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.ct.body import lesanet_box, patient_box
from maknet.data.ct.morphology import Box
from maknet.data.ct.series import Volume

INDEX_COLUMNS = (
    "series_uid", "triplet", "first_slice", "position_mm", "step_mm", "row_mm", "column_mm",
    "crop_top", "crop_bottom", "crop_left", "crop_right", "sop_uid_1", "sop_uid_2", "sop_uid_3",
)  # fmt: skip


@dataclass(frozen=True)
class ImageSettings:
    """How HU become an image (config section `image`).

    Attributes:
        window_hu: HU shown as 0 and as 255.
        size: Side of the square image in pixels.
        crop: What is left when the black background is clipped: the `patient`, what LesaNet's code
            leaves (`lesanet`), or all (`none`).
        body_threshold_hu: Pixels above it may be the patient; LesaNet's rule has its own.
    """

    window_hu: tuple[float, float] = (-1024.0, 3071.0)
    size: int = 256
    crop: Literal["patient", "lesanet", "none"] = "patient"
    body_threshold_hu: float = -500.0


@dataclass(frozen=True)
class Triplets:
    """The images of one or more volumes.

    Attributes:
        images: (N, 3, S, S) uint8, cranial slice first.
        index: One row an image, columns `INDEX_COLUMNS`; `first_slice` counts from the cranial end,
            `position_mm` belongs to the middle slice, and `sop_uid_1` to the most cranial one.
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
    uids = list(volume.sop_uids) or [""] * len(hu)
    if is_caudal_first(volume.direction):
        uids.reverse()
    rows: list[tuple[object, ...]] = []
    count = len(hu) // 3
    images = np.empty((count, 3, settings.size, settings.size), np.uint8)
    for triplet in range(count):
        first = 3 * triplet
        prepared = prepare_slices(hu[first : first + 3], settings)
        if prepared is None:
            continue
        images[len(rows)], box = prepared
        place = (volume.series_uid, triplet, first, round(float(positions[first + 1]), 3))
        slices = uids[first : first + 3]
        rows.append((*place, *(round(v, 4) for v in spacing), *box, *slices))
    return Triplets(
        images[: len(rows)],
        pd.DataFrame(rows, columns=list(INDEX_COLUMNS)),
        left_over=len(hu) - 3 * count,
        empty=count - len(rows),
    )


def prepare_slices(
    hu: NDArray[np.int16], settings: ImageSettings
) -> tuple[NDArray[np.uint8], Box] | None:
    """Turn slices (C, Y, X) in HU into an image (C, S, S) uint8 and its crop box.

    Returns:
        None when the background is clipped and nothing is left.
    """
    box = crop_box(hu, settings)
    return None if box is None else (cut_image(hu, box, settings), box)


def crop_box(hu: NDArray[np.int16], settings: ImageSettings) -> Box | None:
    """Return the part of slices (C, Y, X) that an image shows; None when nothing is left."""
    match settings.crop:
        case "patient":
            return patient_box(hu, settings.body_threshold_hu)
        case "lesanet":
            return lesanet_box(hu)
        case "none":
            return 0, hu.shape[1], 0, hu.shape[2]
        case unknown:
            assert_never(unknown)


def cut_image(hu: NDArray[np.int16], box: Box, settings: ImageSettings) -> NDArray[np.uint8]:
    """Turn a part of slices (C, Y, X) in HU into an image (C, S, S)."""
    top, bottom, left, right = box
    return resize(window_hu(hu[:, top:bottom, left:right], settings.window_hu), settings.size)


def window_hu(hu: NDArray[np.int16], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Map HU linearly to 0..255, clipped at the window's ends."""
    low, high = window
    scale = 255 / (high - low)
    # In place and in float32 this is twice as fast as a table of all int16 values.
    gray = hu.astype(np.float32)
    gray *= np.float32(scale)
    gray += np.float32(0.5 - low * scale)  # the half makes the cut to whole numbers a rounding
    np.clip(gray, 0, 255, out=gray)
    return gray.astype(np.uint8)


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


def is_caudal_first(direction: Sequence[float]) -> bool:
    """Return whether positions along the slice normal rise from the feet to the head."""
    return bool(np.cross(direction[:3], direction[3:])[2] > 0)


def reorient(
    volume: Volume,
) -> tuple[NDArray[np.int16], NDArray[np.float64], tuple[float, float, float]]:
    """Return HU, positions and spacing of the patient seen from the feet, on the back."""
    row, column = volume.direction[:3], volume.direction[3:]
    hu, positions, spacing = volume.hu, volume.positions_mm, volume.spacing_mm
    if is_caudal_first(volume.direction):
        hu, positions = hu[::-1], positions[::-1]
    if abs(row[1]) > abs(row[0]):  # lying on the side: rows run from front to back
        hu, row, column = hu.transpose(0, 2, 1), column, row
        spacing = (spacing[0], spacing[2], spacing[1])
    if row[0] < 0:
        hu = hu[:, :, ::-1]
    if column[1] < 0:
        hu = hu[:, ::-1]
    return hu, positions, spacing
