"""The pixels of one CT slice in HU: stored * slope + intercept, rounded to whole HU."""

import math

import numpy as np
from numpy.typing import NDArray

from maknet.dicom.compressed import read_compressed
from maknet.dicom.header import Header, PixelError
from maknet.dicom.limits import require_plausible_size
from maknet.dicom.native import NATIVE, read_native

_BRIGHTEST_HU = 3071  # padding above it cannot be a measured value
_OUTSIDE_HU = -1024
_INT16 = np.iinfo(np.int16)
_BITS = 16


def read_hu(header: Header, out: NDArray[np.int16]) -> None:
    """Fill `out` (Y, X) with the slice in HU.

    Padding that would be brighter than any tissue, such as -2000 read as unsigned, becomes
    -1024 HU; other padding keeps its value, as with SimpleITK.

    Raises:
        PixelError: The file is damaged, or no decoder reads it.
    """
    if header.samples != 1:
        raise PixelError(f"{header.samples} samples a pixel, not 1")
    if header.bits_allocated != _BITS or not 1 <= header.bits_stored <= _BITS:
        raise PixelError(f"{header.bits_stored} of {header.bits_allocated} bits, not of {_BITS}")
    if not (math.isfinite(_slope(header)) and math.isfinite(_intercept(header))):
        raise PixelError("its rescale slope or intercept is not finite")
    require_plausible_size(header)
    if header.transfer_syntax in NATIVE:
        bits = read_native(header, out)
        outside = _padding_beyond_stored_bits(bits, header)
        stored = _without_unused_bits(bits, header)
    else:
        stored, outside = read_compressed(header), None
    if outside is None and _padding_hu(header) > _BRIGHTEST_HU:
        outside = stored == _stored_padding(header)
    _rescale(stored, header, outside, out)
    if outside is not None:
        out[outside] = _OUTSIDE_HU


def _slope(header: Header) -> float:
    return header.slope or 1.0


def _intercept(header: Header) -> float:
    return header.intercept or 0.0


def _stored_padding(header: Header) -> int | None:
    """Return the padding as pixels hold it; files give it with the other sign at times."""
    if header.padding is None:
        return None
    bits = header.padding & 0xFFFF
    return bits - (1 << _BITS) if header.signed and bits >> (_BITS - 1) else bits


def _padding_hu(header: Header) -> float:
    padding = _stored_padding(header)
    return -math.inf if padding is None else padding * _slope(header) + _intercept(header)


def _padding_beyond_stored_bits(
    bits: NDArray[np.uint16], header: Header
) -> NDArray[np.bool_] | None:
    """Return where pixels are padding that the stored bits alone cannot tell."""
    padding = _stored_padding(header)
    low, high = header.stored_range
    if padding is None or low <= padding <= high:
        return None
    outside: NDArray[np.bool_] = bits == padding & 0xFFFF
    return outside


def _without_unused_bits(bits: NDArray[np.uint16], header: Header) -> NDArray[np.integer]:
    """Return stored values with their sign; old scanners keep overlays in the bits above them."""
    unused = _BITS - header.bits_stored
    if not header.signed:
        if unused:
            bits &= np.uint16(0xFFFF >> unused)
        return bits
    stored = bits.view(np.int16)
    if unused:
        stored <<= unused
        stored >>= unused
    return stored


def _rescale(
    stored: NDArray[np.integer], header: Header, outside: NDArray[np.bool_] | None,
    out: NDArray[np.int16],
) -> None:  # fmt: skip
    slope, intercept = _slope(header), _intercept(header)
    if slope == 1 and intercept.is_integer() and _fits(stored, header, intercept):
        # Two's complement: adding modulo 65536 is exact whenever the result fits int16.
        is_unsigned = stored.dtype == np.uint16
        bits = stored.view(np.int16) if is_unsigned else stored.astype(np.int16, copy=False)
        np.add(bits, np.uint16(int(intercept) % (1 << _BITS)).view(np.int16), out=out)
    else:
        hu = np.rint(stored.astype(np.float64) * slope + intercept)
        if outside is not None:
            hu[outside] = _OUTSIDE_HU
        if hu.max() > _INT16.max:
            raise PixelError(f"a value of {hu.max():.0f} HU is brighter than any CT")
        np.copyto(out, np.maximum(hu, _INT16.min).astype(np.int16))


def _fits(stored: NDArray[np.integer], header: Header, intercept: float) -> bool:
    """Return whether all values plus the intercept fit int16; most headers alone can tell."""
    low, high = header.stored_range
    if not (low + intercept >= _INT16.min and high + intercept <= _INT16.max):
        low, high = int(stored.min()), int(stored.max())
    return bool(low + intercept >= _INT16.min and high + intercept <= _INT16.max)
