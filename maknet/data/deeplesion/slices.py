"""DeepLesion's 16-bit PNGs: one slice each, and the slices around a lesion. Y rows, X columns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from maknet.data.deeplesion.info import LesionRow
from maknet.errors import InputError

_PNG_OFFSET = 32768  # stored value of 0 HU


class ImageUnreadableError(InputError):
    """One image file is missing or damaged; the caller decides how many it tolerates."""


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
