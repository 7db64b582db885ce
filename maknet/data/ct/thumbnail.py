"""One small picture of a series, whether it is used or refused: people look rather than read."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.preprocess import resize, window_hu
from maknet.dicom.header import (
    BrokenHeaderError,
    NotAnImageError,
    NotDicomError,
    PixelError,
    read_header,
)
from maknet.dicom.limits import require_plausible_size
from maknet.dicom.pixels import read_hu

SIDE = 96
_SOFT_TISSUE_HU = (-175.0, 275.0)  # the window in which LesaNet shows lesions


def thumbnail(folder: Path) -> NDArray[np.uint8]:
    """Return a slice from the middle of a folder, (96, 96), black where none can be read.

    No rule applies: a refused series is to be seen as it is.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError:
        files = []
    middle = len(files) // 2
    for path in files[middle:] + files[:middle][::-1]:
        hu = _slice(path)
        if hu is not None:
            picture: NDArray[np.uint8] = resize(window_hu(hu[None], _SOFT_TISSUE_HU), SIDE)[0]
            return picture
    return np.zeros((SIDE, SIDE), np.uint8)


def _slice(path: Path) -> NDArray[np.int16] | None:
    try:
        header = read_header(path)
        if header.frames != 1 or min(header.rows, header.columns) < 1:
            return None
        require_plausible_size(header)
        hu = np.empty((header.rows, header.columns), np.int16)
        read_hu(header, out=hu)
    except (BrokenHeaderError, NotAnImageError, NotDicomError, OSError, PixelError):
        return None
    return hu
