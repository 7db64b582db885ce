"""DeepLesion on disk: its table, its 16-bit PNGs, and the image around a lesion.

Source: Yan et al., JMI 2018; paper sections 2 and 4.1. A sample is a lesion, a row of
`DL_info.csv`: three consecutive slices of its series with the key slice in the middle.
C slices, Y rows, X columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.preprocess import Box, ImageSettings, prepare_slices, resize, window_hu
from maknet.data.deeplesion.info import LesionRow, load_info
from maknet.data.deeplesion.slices import ImageUnreadableError, check_readable, lesion_slices
from maknet.data.shards.shard import write_shard
from maknet.files import write_rows
from maknet.progress import tracked

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


def write_lesion_shard(
    dl_info: str | Path,
    images: str | Path,
    lesions: NDArray[np.int64],
    settings: ImageSettings,
    max_unreadable: int,
    shard: str | Path,
    index: str | Path,
    unreadable: str | Path,
) -> None:
    """Prepare the lesions with the given numbers and write their shard, index and failures.

    Raises:
        InputError: More than `max_unreadable` images cannot be read.
    """
    info = load_info(dl_info)
    prepared, failed = prepare_lesions(images, [info[i] for i in lesions], settings)
    check_readable([why for _, why in failed], len(lesions), max_unreadable, images)
    empty = np.empty((0, 3, settings.size, settings.size), np.uint8)
    write_shard(shard, [empty, *(item.image[None] for _, item in prepared)])
    write_rows(index, INDEX_COLUMNS, [_index_row(*pair) for pair in prepared])
    failures = [{"lesion_index": lesion.lesion_index, "why": why} for lesion, why in failed]
    write_rows(unreadable, ("lesion_index", "why"), failures)


def _index_row(lesion: LesionRow, item: LesionImage) -> dict[str, object]:
    box = dict(zip(INDEX_COLUMNS[4:8], item.box, strict=True))
    return {
        "lesion_index": lesion.lesion_index, "patient": lesion.patient, "series": lesion.series,
        "key_slice": lesion.key_slice, **box, "neighbors_missing": item.neighbors_missing,
        "cropped": item.cropped,
    }  # fmt: skip


def prepare_lesions(
    images: str | Path, lesions: Sequence[LesionRow], settings: ImageSettings
) -> tuple[list[tuple[LesionRow, LesionImage]], list[tuple[LesionRow, str]]]:
    """Prepare many lesions; the second list holds those whose files are unreadable, with why."""
    prepared: list[tuple[LesionRow, LesionImage]] = []
    unreadable: list[tuple[LesionRow, str]] = []
    for lesion in tracked(lesions, "lesions", "image"):
        try:
            prepared.append((lesion, prepare_lesion(images, lesion, settings)))
        except ImageUnreadableError as error:
            unreadable.append((lesion, str(error)))
    return prepared, unreadable
