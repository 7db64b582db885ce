"""Uncompressed 16-bit pixels, read straight into the volume.

After them must come the end of the file or data elements: bytes that were inserted, repeated or
converted are found by what they push behind the last pixel.
"""

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from maknet.dicom.elements import ElementError, Encoding, require_elements_to_end
from maknet.dicom.header import Header, PixelError
from maknet.dicom.source import open_dicom

NATIVE: dict[str, Encoding] = {
    ImplicitVRLittleEndian: Encoding(implicit=True, order="little"),
    ExplicitVRLittleEndian: Encoding(implicit=False, order="little"),
    ExplicitVRBigEndian: Encoding(implicit=False, order="big"),
}
_PIXEL_DATA = 0x7FE00010


def read_native(header: Header, out: NDArray[np.int16]) -> NDArray[np.uint16]:
    """Read the stored bits into the memory of `out` (Y, X) and return it as unsigned.

    Raises:
        PixelError: The pixels are not of the length that the header claims, or something that is no
            data element follows them.
    """
    encoding = NATIVE[header.transfer_syntax]
    with _opened(header) as handle:
        _seek_pixels(handle, header, encoding, out.nbytes)
        target = out.data.cast("B")
        done = 0
        while done < len(target) and (count := handle.readinto(target[done:])):  # type: ignore[attr-defined]
            done += count
        if done < len(target):
            detail = f"the pixel data ends after {done} of {len(target)} bytes"
            raise PixelError(detail, truncated=True)
        try:
            require_elements_to_end(handle, header.file_bytes, encoding)
        except ElementError as error:
            raise PixelError(str(error)) from error
    stored = out.view(np.uint16)
    return stored.byteswap(inplace=True) if encoding.order == "big" else stored


def _opened(header: Header) -> BinaryIO:
    return open_dicom(header.path) if header.inflated else header.path.open("rb", buffering=0)


def _seek_pixels(handle: BinaryIO, header: Header, encoding: Encoding, size: int) -> None:
    """Go to the first pixel, after the tag and the length of the pixel data."""
    handle.seek(header.pixel_offset)
    head = handle.read(8 if encoding.implicit else 12)
    if encoding.tag(head) != _PIXEL_DATA:
        raise PixelError("there is no pixel data", truncated=len(head) < 8)
    length = encoding.number(head[-4:])
    if length != size:
        shape = f"{header.rows} x {header.columns} pixels"
        raise PixelError(f"{length} bytes for {shape}", truncated=length < size)
