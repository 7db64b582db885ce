"""DeepLesion on disk: its table, its 16-bit PNGs, and the image around a lesion.

Source: Yan et al., JMI 2018; paper sections 2 and 4.1. A sample is a lesion, a row of
`DL_info.csv`: three consecutive slices of its series with the key slice in the middle.
C slices, Y rows, X columns.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.preprocess import Box, ImageSettings, prepare_slices, resize, window_hu
from maknet.data.deeplesion.info import LesionRow
from maknet.data.deeplesion.lesion_shard import ShardFiles, write_lesion_shard
from maknet.data.deeplesion.slices import lesion_slices

INDEX_COLUMNS = (
    "lesion_index", "patient", "series", "key_slice", "crop_top", "crop_bottom", "crop_left",
    "crop_right", "neighbors_missing", "cropped",
)  # fmt: skip


@dataclass(frozen=True)
class LesionImage:
    """The prepared image of one lesion.

    Attributes:
        image: (3, S, S) uint8: the slice before, the key slice, the slice after.
        box: Crop box in pixels of the slice.
        neighbors_missing: How many of the two neighbors were replaced by a nearer slice.
        cropped: Whether a body was found to crop to.
    """

    image: NDArray[np.uint8]
    box: Box
    neighbors_missing: int
    cropped: bool


def prepare_lesion(images: str | Path, lesion: LesionRow, settings: ImageSettings) -> LesionImage:
    """Prepare the image of one lesion as the unlabeled volumes are prepared.

    A labeled lesion is never dropped: where no body is found the whole slice is kept.
    """
    hu, missing = lesion_slices(images, lesion)
    prepared = prepare_slices(hu, settings)
    if prepared is not None:
        return LesionImage(*prepared, neighbors_missing=missing, cropped=settings.crop)
    whole = resize(window_hu(hu, settings.window_hu), settings.size)
    return LesionImage(whole, (0, hu.shape[1], 0, hu.shape[2]), missing, cropped=False)


def write_image_shard(
    dl_info: str | Path, images: str | Path, lesions: NDArray[np.int64], settings: ImageSettings,
    max_unreadable: int, files: ShardFiles,
) -> None:  # fmt: skip
    """Prepare the images of the named lesions and write their shard, (N, 3, S, S) uint8.

    Args:
        dl_info: `DL_info.csv`.
        images: `Images_png/`.
        lesions: Lesion numbers (N,), in the order of the shard.
        settings: How HU become an image.
        max_unreadable: How many lesions may be left out.
        files: What is written.

    Raises:
        InputError: More than `max_unreadable` images cannot be read.
    """

    def prepare(lesion: LesionRow) -> tuple[NDArray[np.uint8], dict[str, object]]:
        item = prepare_lesion(images, lesion, settings)
        box = dict(zip(INDEX_COLUMNS[4:8], item.box, strict=True))
        return item.image, {
            **box, "neighbors_missing": item.neighbors_missing, "cropped": item.cropped,
        }  # fmt: skip

    empty = np.empty((0, 3, settings.size, settings.size), np.uint8)
    write_lesion_shard(dl_info, lesions, prepare, INDEX_COLUMNS, empty, max_unreadable, files)
