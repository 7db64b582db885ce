"""The pixels of one CT slice in HU.

Uncompressed 16-bit slices are read straight into the volume; everything else goes through
pydicom's decoders and, where those lack a codec (JPEG lossless, JPEG-LS), through SimpleITK.
HU = stored * slope + intercept, rounded to whole HU.
"""

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from maknet.data.ct.header import Header

_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
_PIXEL_TAG = b"\xe0\x7f\x10\x00"
_BRIGHTEST_HU = 3071  # padding above it cannot be a measured value
_OUTSIDE_HU = -1024
_INT16 = np.iinfo(np.int16)


class PixelError(Exception):
    """The pixel data cannot be had.

    Attributes:
        truncated: The file ends before its pixel data does.
    """

    def __init__(self, message: str, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


def read_hu(header: Header, out: NDArray[np.int16]) -> None:
    """Fill `out` (Y, X) with the slice in HU.

    Padding that would be brighter than any tissue, such as -2000 read as unsigned, becomes
    -1024 HU; other padding keeps its value, as with SimpleITK.

    Raises:
        PixelError: The file is truncated or no decoder reads it.
    """
    if header.samples != 1:
        raise PixelError(f"{header.samples} samples a pixel, not 1")
    if header.transfer_syntax in _NATIVE and header.bits_allocated == 16:
        stored = _read_native(header, out)
    else:
        stored = _decode(header)
    _rescale(stored, header, out)


def _read_native(header: Header, out: NDArray[np.int16]) -> NDArray[np.integer]:
    """Read into the memory of `out` and return it with the stored sign."""
    with header.path.open("rb", buffering=0) as handle:
        handle.seek(header.pixel_offset)
        tag = handle.read(12)
        if tag[:4] != _PIXEL_TAG:
            raise PixelError("there is no pixel data", truncated=len(tag) < 12)
        implicit = header.transfer_syntax == ImplicitVRLittleEndian
        length = int.from_bytes(tag[4:8] if implicit else tag[8:12], "little")
        target = out.data.cast("B")
        if length not in (len(target), len(target) + 1):  # an odd length is padded
            shape = f"{header.rows} x {header.columns} pixels"
            raise PixelError(f"{length} bytes for {shape}", truncated=length < len(target))
        handle.seek(header.pixel_offset + (8 if implicit else 12))
        done = 0
        while done < len(target) and (count := handle.readinto(target[done:])):
            done += count
    if done < len(target):
        raise PixelError(f"the pixel data ends after {done} of {len(target)} bytes", truncated=True)
    stored = out if header.signed else out.view(np.uint16)
    unused = 16 - header.bits_stored
    if unused > 0:  # old scanners keep overlays in the bits above BitsStored
        stored <<= unused
        stored >>= unused
    return stored


def _decode(header: Header) -> NDArray[np.integer]:
    """Return stored values through pydicom, else through SimpleITK."""
    try:
        stored: NDArray[np.integer] = pydicom.dcmread(header.path).pixel_array
    except Exception as error:  # pydicom and its plugins raise nearly anything
        return _decode_with_simpleitk(header, error)
    if stored.shape != (header.rows, header.columns):
        raise PixelError(f"the decoded image is {stored.shape}")
    return stored


def _decode_with_simpleitk(header: Header, first: Exception) -> NDArray[np.integer]:
    import SimpleITK as sitk  # noqa: N813 - the package's own abbreviation

    try:
        # Never a view: the array of a temporary image would dangle.
        hu = sitk.GetArrayFromImage(sitk.ReadImage(str(header.path)))[0]
    except RuntimeError as error:
        summary = str(first).splitlines()[0] if str(first) else type(first).__name__
        raise PixelError(f"no decoder reads it ({summary})") from error
    intercept, slope = header.intercept or 0.0, header.slope or 1.0
    stored: NDArray[np.integer] = np.rint((hu - intercept) / slope).astype(np.int64)
    return stored


def _rescale(stored: NDArray[np.integer], header: Header, out: NDArray[np.int16]) -> None:
    slope, intercept = header.slope or 1.0, header.intercept or 0.0
    padded = None
    if header.padding is not None and header.padding * slope + intercept > _BRIGHTEST_HU:
        padded = stored == header.padding
    if slope == 1 and intercept.is_integer() and _fits(stored, header, intercept):
        # Two's complement: adding modulo 65536 is exact whenever the result fits int16.
        np.add(stored.astype(np.int16, copy=False), np.int16(intercept), out=out)
    else:
        hu = np.rint(stored.astype(np.float64) * slope + intercept)
        np.copyto(out, np.clip(hu, _INT16.min, _INT16.max).astype(np.int16))
    if padded is not None:
        out[padded] = _OUTSIDE_HU


def _fits(stored: NDArray[np.integer], header: Header, intercept: float) -> bool:
    """Return whether all values plus the intercept fit int16; most headers alone can tell."""
    top = 1 << header.bits_stored
    low, high = (-top // 2, top // 2 - 1) if header.signed else (0, top - 1)
    if not (low + intercept >= _INT16.min and high + intercept <= _INT16.max):
        low, high = int(stored.min()), int(stored.max())
    return bool(low + intercept >= _INT16.min and high + intercept <= _INT16.max)
