"""Binary morphology with squares, and boxes of masks (Y, X).

On small masks shifted ANDs are 10 times faster than scipy's morphology.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]  # first row, end row, first column, end column


def eroded(mask: Mask, side: int) -> Mask:
    """Return where a square of `side` pixels fits, by its first corner: (Y - side + 1, ...)."""
    return _slid(_slid(mask, side, np.logical_and).T, side, np.logical_and).T


def opened(mask: Mask, side: int) -> Mask:
    """Return the union of all squares of `side` pixels that fit into the mask (Y, X)."""
    fits = eroded(mask, side)
    around = side - 1
    framed = np.zeros((mask.shape[0] + around, mask.shape[1] + around), bool)
    framed[around : mask.shape[0], around : mask.shape[1]] = fits
    return _slid(_slid(framed, side, np.logical_or).T, side, np.logical_or).T


def opened_lines(mask: Mask, length: int) -> Mask:
    """Return the runs of at least `length` pixels along each column of the mask (Y, X)."""
    framed = np.zeros((mask.shape[0] + length - 1, mask.shape[1]), bool)
    framed[length - 1 : mask.shape[0]] = _slid(mask, length, np.logical_and)
    return _slid(framed, length, np.logical_or)


def bounds(corners: Mask, side: int = 1) -> Box | None:
    """Return the bounds of the squares of `side` pixels that have these first corners."""
    rows = np.flatnonzero(corners.any(1))
    if not len(rows):
        return None
    columns = np.flatnonzero(corners.any(0))
    return int(rows[0]), int(rows[-1]) + side, int(columns[0]), int(columns[-1]) + side


def window(box: Box) -> tuple[slice, slice]:
    """Return the rows and columns of a box."""
    return slice(box[0], box[1]), slice(box[2], box[3])


def moved(box: Box, outer: Box) -> Box:
    """Return a box of a part in pixels of the whole."""
    top, left = outer[0], outer[2]
    return top + box[0], top + box[1], left + box[2], left + box[3]


def alike(box: Box | None, other: Box | None) -> bool:
    """Return whether two boxes differ by at most a pixel on each side."""
    if box is None or other is None:
        return box is other
    return max(abs(a - b) for a, b in zip(box, other, strict=True)) <= 1


def _slid(mask: Mask, length: int, join: Callable[[Mask, Mask], Mask]) -> Mask:
    """Join each run of `length` rows into one row; runs double, so this takes log2 steps."""
    have = 1
    while have < length:
        shift = min(have, length - have)
        mask = join(mask[shift:], mask[:-shift])
        have += shift
    return mask
