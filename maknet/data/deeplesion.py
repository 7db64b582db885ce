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
from PIL import Image, UnidentifiedImageError

from maknet.data.ct import Box, ImageSettings, prepare_slices, resize, window_hu
from maknet.data.shards import write_shard
from maknet.errors import InputError
from maknet.files import read_rows, write_rows
from maknet.progress import tracked

_PNG_OFFSET = 32768  # stored value of 0 HU
INDEX_COLUMNS = (
    "lesion_index", "patient", "series", "key_slice", "crop_top", "crop_bottom", "crop_left",
    "crop_right", "neighbors_missing", "cropped",
)  # fmt: skip
_NEEDED = (
    "File_name", "Patient_index", "Key_slice_index", "Bounding_boxes", "Spacing_mm_px_",
    "Possibly_noisy",
)  # fmt: skip


class ImageUnreadableError(InputError):
    """One image file is missing or damaged; the caller decides how many it tolerates."""


@dataclass(frozen=True)
class LesionRow:
    """What the workflow uses of one row of `DL_info.csv`.

    Attributes:
        lesion_index: 0-based row number, LesaNet's lesion id.
        patient: Patient_index.
        series: Folder of the series, for example `000001_01_01`.
        key_slice: Number of the slice on which the lesion was measured.
        spacing_mm: (x, y, z) as in the table.
        box: x1, y1, x2, y2 around the lesion as in the table, in pixels counted from 1.
    """

    lesion_index: int
    patient: int
    series: str
    key_slice: int
    spacing_mm: tuple[float, float, float]
    box: tuple[float, float, float, float]


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


def load_info(path: str | Path) -> list[LesionRow]:
    """Read `DL_info.csv`.

    Raises:
        InputError: The file is missing, lacks a column, or a row cannot be read.
    """
    rows = read_rows(path)
    missing = [column for column in _NEEDED if not rows or column not in rows[0]]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it is not DL_info.csv.")
    return [_lesion_row(path, number, row) for number, row in enumerate(rows)]


def _lesion_row(path: str | Path, number: int, row: dict[str, str]) -> LesionRow:
    try:
        series, slice_name = row["File_name"].rsplit("_", 1)
        x, y, z = (float(part) for part in row["Spacing_mm_px_"].split(","))
        x1, y1, x2, y2 = (float(part) for part in row["Bounding_boxes"].split(","))
        return LesionRow(
            number, int(row["Patient_index"]), series, int(Path(slice_name).stem), (x, y, z),
            (x1, y1, x2, y2),
        )  # fmt: skip
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path}: row {number} cannot be read ({error}); fix the row.") from error


def read_png(path: str | Path) -> NDArray[np.int16]:
    """Read a slice (Y, X) in HU.

    Raises:
        ImageUnreadableError: The file is missing, damaged or not a 16-bit gray PNG.
    """
    path = Path(path)
    try:
        with Image.open(path) as image:
            if image.mode != "I;16":
                raise ImageUnreadableError(
                    f"{path} is not a 16-bit gray PNG (its mode is {image.mode}); "
                    "use the original file of DeepLesion."
                )
            stored = np.asarray(image)
    except FileNotFoundError as error:
        raise ImageUnreadableError(
            f"{path} is missing; extract it from DeepLesion's zips."
        ) from error
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise ImageUnreadableError(f"{path} is damaged ({error}); extract it again.") from error
    return (stored.astype(np.int32) - _PNG_OFFSET).astype(np.int16)


def lesion_slices(images: str | Path, lesion: LesionRow) -> tuple[NDArray[np.int16], int]:
    """Return the slices (3, Y, X) around the key slice and how many neighbors were missing.

    A neighbor that is not on disk is replaced by the key slice, as LesaNet walks back towards it.
    """
    folder = Path(images) / lesion.series
    key = read_png(folder / f"{lesion.key_slice:03d}.png")
    slices, missing = [], 0
    for offset in (-1, 0, 1):
        path = folder / f"{lesion.key_slice + offset:03d}.png"
        neighbor = read_png(path) if offset and path.is_file() else key
        missing += bool(offset) and neighbor is key
        if neighbor.shape != key.shape:
            raise ImageUnreadableError(
                f"{path} differs in size from its key slice; extract it again."
            )
        slices.append(neighbor)
    return np.stack(slices), missing


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


def check_readable(
    failures: Sequence[str], lesions: int, max_unreadable: int, images: str | Path
) -> None:
    """Refuse a split of which too many images, or all, cannot be read.

    Args:
        failures: Why each image could not be read.
        lesions: How many images were wanted.
        max_unreadable: How many may be left out.
        images: Folder of the images.

    Raises:
        InputError: More cannot be read, or none can.
    """
    if len(failures) > max_unreadable:
        raise InputError(
            f"{len(failures)} of {lesions} lesion images cannot be read, more than "
            f"labeled.max_unreadable = {max_unreadable}; the first: {failures[0]}"
        )
    if len(failures) == lesions:
        raise InputError(f"None of {lesions} lesion images below {images} can be read.")


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
