"""DeepLesion on disk: its table, its 16-bit PNGs, and the image around a lesion.

Source: Yan et al., JMI 2018; paper sections 2 and 4.1. A sample is a lesion, a row of
`DL_info.csv`: three consecutive slices of its series with the key slice in the middle.
C slices, Y rows, X columns.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.morphology import Box
from maknet.data.ct.preprocess import ImageSettings, crop_box, cut_image
from maknet.data.deeplesion.info import LesionRow
from maknet.data.deeplesion.lesion_shard import ShardFiles, write_lesion_shard
from maknet.data.deeplesion.slices import lesion_slices, require_inside
from maknet.duplicates.fingerprint import image_fingerprints, save_fingerprints

logger = logging.getLogger("maknet")
# DeepLesion's boxes have 5 pixels of surroundings; two more are about one pixel of the image.
_LESION_MARGIN_PX = 2
INDEX_COLUMNS = (
    "lesion_index", "patient", "series", "key_slice", "crop_top", "crop_bottom", "crop_left",
    "crop_right", "neighbors_missing", "cropped", "extended",
)  # fmt: skip


@dataclass(frozen=True)
class LesionImage:
    """The prepared image of one lesion.

    Attributes:
        image: (3, S, S) uint8: the slice before, the key slice, the slice after.
        box: Crop box in pixels of the slice.
        neighbors_missing: How many of the two neighbors were replaced by a nearer slice.
        cropped: Whether the background was clipped: not where no patient was found.
        extended: Whether the crop was made wider to hold the lesion's box.
    """

    image: NDArray[np.uint8]
    box: Box
    neighbors_missing: int
    cropped: bool
    extended: bool


def prepare_lesion(images: str | Path, lesion: LesionRow, settings: ImageSettings) -> LesionImage:
    """Prepare the image of one lesion as the unlabeled volumes are prepared.

    A labeled lesion is never cut away: its box is inside the crop, and where no patient is found
    the whole slice is kept.

    Raises:
        ImageUnreadableError: The slice cannot be read, or the lesion's box lies outside it.
    """
    hu, missing = lesion_slices(images, lesion)
    lesion_box = lesion_pixels(lesion, hu.shape[1], hu.shape[2])
    found = None if settings.crop == "none" else crop_box(hu, settings)
    box = (0, hu.shape[1], 0, hu.shape[2]) if found is None else _union(found, lesion_box)
    assert _union(box, lesion_box) == box  # noqa: S101 - a label without its lesion is worthless
    return LesionImage(
        cut_image(hu, box, settings), box, missing,
        cropped=found is not None, extended=found not in (None, box),
    )  # fmt: skip


def lesion_pixels(lesion: LesionRow, rows: int, columns: int) -> Box:
    """Return the pixels of a slice that show a lesion, and two more on each side where there are.

    Raises:
        ImageUnreadableError: The middle of the lesion's box lies outside the slice.
    """
    require_inside(lesion, rows, columns)
    x1, y1, x2, y2 = lesion.box
    margin = _LESION_MARGIN_PX
    # The table counts pixels from 1: x1 is pixel x1 - 1, and the pixel of x2 ends at x2.
    return (
        max(math.floor(y1 - 1) - margin, 0), min(math.ceil(y2) + margin, rows),
        max(math.floor(x1 - 1) - margin, 0), min(math.ceil(x2) + margin, columns),
    )  # fmt: skip


def _union(box: Box, other: Box) -> Box:
    return (
        min(box[0], other[0]), max(box[1], other[1]), min(box[2], other[2]), max(box[3], other[3]),
    )  # fmt: skip


def write_image_shard(
    dl_info: str | Path, images: str | Path, lesions: NDArray[np.int64], settings: ImageSettings,
    max_unreadable: int, files: ShardFiles, fingerprints: str | Path,
) -> None:  # fmt: skip
    """Prepare the images of the named lesions and write their shard, (N, 3, S, S) uint8.

    Args:
        dl_info: `DL_info.csv`.
        images: `Images_png/`.
        lesions: Lesion numbers (N,), in the order of the shard.
        settings: How HU become an image.
        max_unreadable: How many lesions may be left out.
        files: What is written.
        fingerprints: `.npz` to write, of the images' slices.

    Raises:
        InputError: More than `max_unreadable` images cannot be read.
    """
    extended: list[int] = []
    found: list[NDArray[np.int8]] = []

    def prepare(lesion: LesionRow) -> tuple[NDArray[np.uint8], dict[str, object]]:
        item = prepare_lesion(images, lesion, settings)
        extended.append(int(item.extended))
        found.append(image_fingerprints(item.image[None], settings.window_hu))
        box = dict(zip(INDEX_COLUMNS[4:8], item.box, strict=True))
        return item.image, {
            **box, "neighbors_missing": item.neighbors_missing, "cropped": item.cropped,
            "extended": int(item.extended),
        }  # fmt: skip

    empty = np.empty((0, 3, settings.size, settings.size), np.uint8)
    write_lesion_shard(dl_info, lesions, prepare, INDEX_COLUMNS, empty, max_unreadable, files)
    save_fingerprints(fingerprints, found, settings.window_hu)
    logger.info("%d of %d crops were extended to hold the lesion", sum(extended), len(extended))
