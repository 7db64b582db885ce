"""Open a DICOM file; one whose data set is deflated as if it were not.

A raw deflate stream has no checksum and may swell a thousandfold: it is inflated up to a limit and
must end where the file does.
"""

import io
import zlib
from pathlib import Path
from typing import BinaryIO

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
_PLAIN = ExplicitVRLittleEndian.encode().ljust(len(_DEFLATED), b"\0")
META_START = 132  # after the preamble
_META_BYTES = 2048  # the transfer syntax is among the first
LENGTH_ELEMENT = b"\x02\x00\x00\x00UL\x04\x00"
MAX_INFLATED = 64 << 20  # bytes: a slice of 4096 x 4096 and 32 MiB of header


class SourceError(Exception):
    """The data set cannot be inflated."""


def open_dicom(path: Path) -> BinaryIO:
    """Return the file, or its inflated copy in memory that claims to be explicit little endian.

    Raises:
        SourceError: The data set is deflated and damaged, or larger than any slice.
    """
    handle = io.BufferedReader(io.FileIO(path), 1 << 16)
    if not claims_deflation(handle.peek(_META_BYTES)):
        return handle
    with handle:
        content = handle.read()
    start = META_START + 12
    if content[META_START : start - 4] != LENGTH_ELEMENT:
        raise SourceError("the file meta of a deflated file does not begin with its length")
    start += int.from_bytes(content[start - 4 : start], "little")
    return io.BytesIO(content[:start].replace(_DEFLATED, _PLAIN) + _inflated(content[start:]))


def claims_deflation(content: bytes) -> bool:
    """Return whether the first bytes of a file name the deflated transfer syntax."""
    return _DEFLATED in content[:_META_BYTES]


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(packed, MAX_INFLATED)
    except zlib.error as error:
        raise SourceError(f"the data set cannot be inflated ({error})") from error
    if inflater.unconsumed_tail:
        raise SourceError(f"the data set inflates to more than {MAX_INFLATED} bytes")
    if not inflater.eof or len(inflater.unused_data) > 1:  # a byte may make the length even
        raise SourceError("the deflated data set does not end where the file does")
    return content
