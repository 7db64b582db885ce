"""One small picture of a series, whether it is used or refused: people look rather than read."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.preprocess import resize, window_hu
from maknet.dicom.header import (
    BrokenHeaderError,
    Header,
    NotAnImageError,
    NotDicomError,
    PixelError,
    read_header,
)
from maknet.dicom.pixels import read_hu

SIDE = 96
_SOFT_TISSUE_HU = (-175.0, 275.0)  # the window in which LesaNet shows lesions
_MAX_SIDE = 4096  # a header that claims more is not believed


def thumbnail(folder: Path) -> NDArray[np.uint8]:
    """Return a slice from the middle of a folder, (96, 96), black where none can be read.

    No rule applies: a refused series is to be seen as it is.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    middle = len(files) // 2
    for path in files[middle:] + files[:middle][::-1]:
        header = _image_header(path)
        if header is None:
            continue
        hu = np.empty((header.rows, header.columns), np.int16)
        try:
            read_hu(header, out=hu)
        except PixelError:
            continue
        picture: NDArray[np.uint8] = resize(window_hu(hu[None], _SOFT_TISSUE_HU), SIDE)[0]
        return picture
    return np.zeros((SIDE, SIDE), np.uint8)


def _image_header(path: Path) -> Header | None:
    try:
        header = read_header(path)
    except (BrokenHeaderError, NotAnImageError, NotDicomError):
        return None
    sides = (header.rows, header.columns)
    plausible = 0 < min(sides) <= max(sides) <= _MAX_SIDE and 1 <= header.bits_stored <= 16
    return header if plausible and header.frames == 1 else None
