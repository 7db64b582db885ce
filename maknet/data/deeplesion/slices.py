"""The slices around a lesion of DeepLesion, one PNG each. Y rows, X columns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.deeplesion.info import LesionRow
from maknet.data.deeplesion.png import ImageUnreadableError, read_png
from maknet.errors import InputError


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


def require_inside(lesion: LesionRow, rows: int, columns: int) -> None:
    """Refuse a lesion that a slice does not show.

    Raises:
        ImageUnreadableError: The middle of the lesion's box lies outside the slice.
    """
    x1, y1, x2, y2 = lesion.box
    across, down = (x1 + x2) / 2, (y1 + y2) / 2
    if not (x1 <= x2 and y1 <= y2 and 0 <= across <= columns and 0 <= down <= rows):
        raise ImageUnreadableError(
            f"DL_info.csv: row {lesion.lesion_index} has its lesion at {lesion.box}, outside the "
            f"{columns} x {rows} pixels of {lesion.series}/{lesion.key_slice:03d}.png; "
            "fix the row or the image."
        )


def check_readable(failures: Sequence[str], lesions: int, max_unreadable: int) -> None:
    """Refuse a split of which too many images, or all, cannot be read.

    Args:
        failures: Why each image could not be read.
        lesions: How many images were wanted.
        max_unreadable: How many may be left out.

    Raises:
        InputError: More cannot be read, or none can.
    """
    if len(failures) > max_unreadable:
        raise InputError(
            f"{len(failures)} of {lesions} lesion images cannot be read, more than "
            f"labeled.max_unreadable = {max_unreadable}; the first: {failures[0]}"
        )
    if failures and len(failures) == lesions:
        raise InputError(f"None of {lesions} lesion images can be read; the first: {failures[0]}")
