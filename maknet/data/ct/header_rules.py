"""Which headers describe a slice whose pixels and place can be trusted."""

import math

import numpy as np

from maknet.data.ct.reasons import Reason, SeriesError
from maknet.dicom.header import Header

_REFORMATTED = ("MPR", "REFORMATTED", "PROJECTION IMAGE", "MIP", "MINIP", "SCREEN SAVE")
_LOCALIZER = ("LOCALIZER", "SCOUT")
_BITS = 16  # that a CT image allocates (DICOM PS3.3 C.8.2.1)
_ORTHONORMAL = 0.01  # scanners round the six numbers, some to two digits


def is_localizer(header: Header) -> bool:
    """Return whether the image is a projection that was taken to plan the series."""
    return any(word in header.image_type for word in _LOCALIZER)


def require_readable(header: Header) -> None:
    """Refuse a slice whose header lacks what is needed or contradicts itself.

    Raises:
        SeriesError: The slice, and so its series, is not used.
    """
    name = header.name
    if any(word in part for word in _REFORMATTED for part in header.image_type.split("\\")):
        raise SeriesError(Reason.REFORMATTED, f"{name} has the image type {header.image_type}")
    if header.photometric != "MONOCHROME2":
        raise SeriesError(Reason.NOT_MONOCHROME2, f"{name} is {header.photometric or 'unnamed'}")
    if len(header.position) != 3 or len(header.direction) != 6 or len(header.pixel_spacing) != 2:
        raise SeriesError(
            Reason.MISSING_GEOMETRY, f"{name} lacks its position, orientation or pixel spacing"
        )
    if header.intercept is None or not header.slope:
        raise SeriesError(Reason.MISSING_RESCALE, f"{name} lacks its rescale slope or intercept")
    fault = _fault_of_numbers(header, header.slope, header.intercept) or _fault_of_bits(header)
    if fault:
        raise SeriesError(Reason.IMPLAUSIBLE_HEADER, f"{name} {fault}")


def _fault_of_numbers(header: Header, slope: float, intercept: float) -> str | None:
    geometry = (*header.position, *header.direction, *header.pixel_spacing)
    if not all(map(math.isfinite, (*geometry, slope, intercept))):
        return "has numbers that are not finite"
    if min(header.rows, header.columns, *header.pixel_spacing) <= 0:
        return "has an empty matrix or pixel"
    axes = np.array(header.direction).reshape(2, 3)
    if np.abs(axes @ axes.T - np.eye(2)).max() > _ORTHONORMAL:
        return "has an orientation whose axes are not at right angles, or not of length 1"
    return None


def _fault_of_bits(header: Header) -> str | None:
    if header.float_pixels:
        return "holds floating point pixels"
    if header.bits_allocated != _BITS:
        return f"allocates {header.bits_allocated} bits a pixel, not {_BITS}"
    if not 1 <= header.bits_stored <= header.bits_allocated:
        return f"stores {header.bits_stored} of {header.bits_allocated} bits"
    if header.high_bit not in (None, header.bits_stored - 1):
        return f"has the high bit {header.high_bit} of {header.bits_stored} stored bits"
    if header.representation not in (0, 1):
        return f"does not tell whether its pixels have a sign ({header.representation})"
    return None
