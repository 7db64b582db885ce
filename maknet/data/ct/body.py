"""Where the patient lies in a slice, by thickness: a limb is solid, a table is a shell.

The paper clips the black background (section 4.1) and no more: a second leg, arms and a hand stay,
the table goes. C slices, Y rows, X columns. The search runs on a mask reduced to about 128 pixels
along its shorter side. Lengths below are in parts of 128 of that side: 5 is 20 mm in a field of
view of 500 mm.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.morphology import (
    Box,
    Mask,
    alike,
    bounds,
    eroded,
    moved,
    opened,
    opened_lines,
    window,
)

_REDUCED = 128
_WIRE = 3  # thinner are tubes, wires, cloth and the shells of most tables
_PART = 5  # a part of the patient holds a square of this side, a table that touches it does not
_TRUNK = 11  # what holds this square is no table
_STRETCH = 5  # what does not, and is longer than so many times its thickness, is one
_GAP = 3  # what is small and this near to the patient belongs to the patient
_TIP = 14  # what is thin and no longer than this is a nose, an ear or a finger
_RUN = 8  # the patient meets the side of the picture on so many rows, a table on fewer
_SOFT_HU = -250.0  # a limb has a higher mean; cushions, cloth and streaks a lower one
_LUNG_HU = (-890, -600)  # a table's foam is at about -920
_LUNG_PART = 0.4  # of a strip beside the box
_LESANET_HU = -768  # a stored value of 32000
_LESANET_SIDE = 7  # pixels of the slice
_NEIGHBORS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)  # as scipy would make it, each time


def patient_box(hu: NDArray[np.int16], threshold_hu: float) -> Box | None:
    """Return the box of the whole patient in the union of slices (C, Y, X), without the table.

    Every region of the patient that holds a square of 5/128 of the shorter side is inside, and one
    reduced pixel more on each side, since the mask is but a sample of the slices.

    Returns:
        None when there is no patient.
    """
    view = _view(hu, threshold_hu)
    mask = view.mask
    box = _patient_bounds(mask, view)
    if box is None or _borders_on_lung(view.hu, box, view.length(_PART)):
        mask = _with_lungs(view)  # the wall of a chest was as thin as a wire
        box = _patient_bounds(mask, view)
    return None if box is None else view.in_slice(_with_rim(mask, box))


def largest_part_box(hu: NDArray[np.int16], threshold_hu: float) -> Box | None:
    """Return the box of the largest region of the patient alone; see `patient_box`."""
    view = _view(hu, threshold_hu)
    solid = opened(view.mask, view.length(_WIRE))
    parts = _parts(solid, eroded(solid, view.length(_TRUNK)), view.hu, view)
    labels, _ = _labeled(parts)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    box = bounds(labels == sizes.argmax()) if sizes.any() else None
    return None if box is None else view.in_slice(box)


def lesanet_box(hu: NDArray[np.int16]) -> Box | None:
    """Return the box of LesaNet's released code, which holds the table too.

    Everything above -768 HU that a 7 x 7 opening of the whole slice leaves.
    """
    return bounds(opened(np.any(hu > _LESANET_HU, axis=0), _LESANET_SIDE))


@dataclass(frozen=True)
class _View:
    """Reduced slices, with a margin of columns beside them.

    Attributes:
        hu: (Y', X' + 2 margins), the brightest of the slices.
        mask: Where `hu` is above the threshold, of the same shape.
        margin: Columns that stand for what lies beyond the sides of the picture.
        step: Pixels of the slice a reduced pixel.
        shape: Y and X of the slice.
    """

    hu: NDArray[np.int16]
    mask: Mask
    margin: int
    step: int
    shape: tuple[int, int]

    def length(self, parts: int) -> int:
        """Return `parts` of 128 of the shorter side in reduced pixels, at least 3."""
        return _length(parts, self.hu.shape[0], self.hu.shape[1] - 2 * self.margin)

    def in_slice(self, box: Box) -> Box:
        """Return a box of `mask`, and a reduced pixel more, in pixels of the slice."""
        top, bottom, left, right = box
        left, right = left - self.margin, right - self.margin
        rows, columns = self.shape
        return (
            max(top - 1, 0) * self.step, min((bottom + 1) * self.step, rows),
            max(left - 1, 0) * self.step, min((right + 1) * self.step, columns),
        )  # fmt: skip


def _view(hu: NDArray[np.int16], threshold_hu: float) -> _View:
    """Reduce slices (C, Y, X); a patient whom the sides of the picture cut goes on beyond them."""
    rows, columns = hu.shape[1:]
    step = max(1, round(min(rows, columns) / _REDUCED))
    brightest = hu[0, ::step, ::step]
    for other in hu[1:]:
        brightest = np.maximum(brightest, other[::step, ::step])
    sides = brightest.shape
    margin = _length(_PART, *sides)
    framed = np.empty((sides[0], sides[1] + 2 * margin), np.int16)
    framed[:, margin:-margin] = brightest
    framed[:, :margin], framed[:, -margin:] = brightest[:, :1], brightest[:, -1:]
    mask = framed > threshold_hu
    cut = opened_lines(mask[:, [0, -1]], _length(_RUN, *sides))
    mask[:, :margin], mask[:, -margin:] = cut[:, :1], cut[:, 1:]
    return _View(framed, mask, margin, step, (rows, columns))


def _patient_bounds(mask: Mask, view: _View) -> Box | None:
    """Return the bounds of the patient in the mask."""
    solid = opened(mask, view.length(_WIRE))
    trunk = eroded(solid, view.length(_TRUNK))
    box = bounds(solid)
    if box is None or alike(box, bounds(trunk, view.length(_TRUNK))):
        return box
    # Something thin sticks out: only now is it worth the time to look at each region.
    inside = window(box)
    parts = _parts(solid[inside], trunk[inside], view.hu[inside], view)
    inner = bounds(parts)
    if inner is None:
        return None
    parts, part = parts[window(inner)], view.length(_PART)
    box = moved(inner, box)
    whole = (0, parts.shape[0], 0, parts.shape[1])
    if alike(whole, bounds(eroded(parts, part), part)):
        return box
    inner = bounds(_without_shells(parts, part, view.length(_TIP)))
    return None if inner is None else moved(inner, box)


def _with_rim(mask: Mask, box: Box) -> Box:
    """Return the box with the pixels just beside it, which the opening took from round outlines."""
    top, bottom, left, right = box
    around = max(top - 1, 0), bottom + 1, max(left - 1, 0), right + 1
    inner = bounds(mask[window(around)])
    return box if inner is None else moved(inner, around)


def _parts(solid: Mask, trunk: Mask, hu: NDArray[np.int16], view: _View) -> Mask:
    """Return the regions of `solid` that are the patient.

    Args:
        solid: A part of the mask (Y, X).
        trunk: The first corners of squares of a trunk in it, (Y, X) or cut short.
        hu: The same part of the reduced slices, (Y, X).
        view: Where all comes from.
    """
    labels, places = _labeled(solid)
    chosen = np.zeros(len(places) + 1, bool)
    chosen[labels[: trunk.shape[0], : trunk.shape[1]][trunk]] = True
    for number in np.flatnonzero(~chosen[1:]) + 1:
        place = places[number - 1]
        chosen[number] = _is_limb(labels[place] == number, hu[place], view.length(_PART))
    parts: Mask = chosen.take(labels)  # twice as fast as chosen[labels]
    joined = parts.copy()
    gap, tip = view.length(_GAP), view.length(_TIP)
    for number in np.flatnonzero(~chosen[1:]) + 1:
        place = places[number - 1]
        near = tuple(slice(max(line.start - gap, 0), line.stop + gap) for line in place)
        if _longest(place) <= tip and parts[near].any():
            joined[place] |= labels[place] == number
    return joined


def _is_limb(region: Mask, hu: NDArray[np.int16], least: int) -> bool:
    """Return whether a region, cut out, is compact and soft, as a table is not."""
    side = max(least, math.ceil(max(region.shape) / _STRETCH))
    return bool(eroded(region, side).any()) and float(hu[region].mean()) > _SOFT_HU


def _without_shells(parts: Mask, thickness: int, tip: int) -> Mask:
    """Take off what is thin and longer than a tip: a table that touches the patient."""
    thick = opened(_with_holes(parts), thickness) & parts
    labels, places = _labeled(parts & ~thick)
    tips = np.array([False, *(_longest(place) <= tip for place in places)])
    thick |= tips.take(labels)
    return thick


def _with_holes(mask: Mask) -> Mask:
    """Fill what the mask encloses."""
    labels, places = _labeled(~mask)
    hole = np.ones(len(places) + 1, bool)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        hole[line] = False
    filled: Mask = mask | hole.take(labels)
    return filled


def _borders_on_lung(hu: NDArray[np.int16], box: Box, width: int) -> bool:
    """Return whether much of a strip outside the box, `width` wide, is as dense as a lung."""
    top, bottom, left, right = box
    rows, columns = slice(top, bottom), slice(left, right)
    strips = (
        hu[max(top - width, 0) : top, columns], hu[bottom : bottom + width, columns],
        hu[rows, max(left - width, 0) : left], hu[rows, right : right + width],
    )  # fmt: skip
    low, high = _LUNG_HU
    lungs = (np.count_nonzero((strip > low) & (strip < high)) for strip in strips)
    return any(lung > _LUNG_PART * strip.size for lung, strip in zip(lungs, strips, strict=True))


def _with_lungs(view: _View) -> Mask:
    """Return the mask with the lungs, which the border of the picture may cut."""
    inside = slice(view.margin, -view.margin)
    hu, filled = view.hu[:, inside], view.mask.copy()
    labels, places = _labeled(~view.mask[:, inside])
    for number, place in enumerate(places, 1):
        region = labels[place] == number
        thick = eroded(region, view.length(_PART)).any()
        if thick and float(hu[place][region].mean()) > _LUNG_HU[0]:
            filled[:, inside][place] |= region
    return filled


def _labeled(mask: Mask) -> tuple[NDArray[np.int32], list[tuple[slice, slice]]]:
    """Return the number of each pixel's region, 0 outside, and where regions 1, 2, ... lie."""
    from scipy import ndimage

    labels, regions = ndimage.label(mask, _NEIGHBORS)
    return labels, ndimage.find_objects(labels, regions)


def _longest(place: tuple[slice, slice]) -> int:
    return max(int(line.stop - line.start) for line in place)


def _length(parts: int, rows: int, columns: int) -> int:
    return max(3, round(parts * min(rows, columns) / _REDUCED))
