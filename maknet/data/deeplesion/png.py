"""One 16-bit gray PNG, whole or refused. Y rows, X columns.

Pillow does not check the CRC of the pixels while it decodes them: one flipped bit would change up
to 257,000 pixels unnoticed; and rows that are not there become zeros. Here every CRC and the number
of rows are checked, and Pillow gets the rows alone, to undo their filters. A tenth more time than
Pillow alone.
"""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from maknet.errors import InputError

_OFFSET = 32768  # stored value of 0 HU
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 13
_CHUNK_BYTES = 12  # of length, name and CRC
MAX_SIDE = 4096  # pixels; DeepLesion has 512 to 1024


class ImageUnreadableError(InputError):
    """One image file is missing or damaged; the caller decides how many it tolerates."""


class _DamageError(Exception):
    """The bytes are no intact PNG, with what is wrong with them."""


def read_png(path: str | Path) -> NDArray[np.int16]:
    """Read a slice (Y, X) in HU.

    Raises:
        ImageUnreadableError: The file is missing, may not be read, is damaged or is not a 16-bit
            gray PNG.
    """
    path = Path(path)
    content = _content(path)
    try:
        stored = _stored_values(path, content)
    except _DamageError as error:
        raise ImageUnreadableError(f"{path} is damaged ({error}); extract it again.") from error
    return (stored.astype(np.int32) - _OFFSET).astype(np.int16)


def _stored_values(path: Path, content: bytes) -> NDArray[np.uint16]:
    header, packed = _header_and_pixels(content)
    width, height, depth, color, *_, interlaced = struct.unpack(">IIBBBBB", header)
    if (depth, color, interlaced) != (16, 0, 0):
        raise ImageUnreadableError(
            f"{path} is not a 16-bit gray PNG (it has {depth} bits, the color type {color} and "
            f"the interlacing {interlaced}); use the original file of DeepLesion."
        )
    if not 0 < min(width, height) <= max(width, height) <= MAX_SIDE:
        raise _DamageError(f"it claims {width} x {height} pixels")
    return _unfiltered(header, _inflated(packed, height * (1 + 2 * width)))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise ImageUnreadableError(
            f"{path} is missing; extract it from DeepLesion's zips."
        ) from error
    except IsADirectoryError as error:
        raise ImageUnreadableError(
            f"{path} is a folder; extract the image from DeepLesion's zips."
        ) from error
    except PermissionError as error:
        raise ImageUnreadableError(
            f"{path} may not be read by this user; ask its owner for permission."
        ) from error
    except OSError as error:
        raise ImageUnreadableError(
            f"{path} cannot be read ({error.strerror}); check the disk and start again."
        ) from error


def _header_and_pixels(content: bytes) -> tuple[bytes, bytes]:
    """Return the contents of the header and of all chunks of pixels."""
    chunks = list(_chunks(content))
    name, header = chunks[0]
    if name != b"IHDR" or len(header) != _HEADER_BYTES:
        raise _DamageError("it does not begin with a header")
    return header, b"".join(data for name, data in chunks if name == b"IDAT")


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of all chunks up to the last, which must end the file."""
    if not content:
        raise _DamageError("the file is empty")
    if not content.startswith(_SIGNATURE):
        raise _DamageError("it does not begin as a PNG")
    start, view = len(_SIGNATURE), memoryview(content)
    while start + _CHUNK_BYTES <= len(content):
        end = start + _CHUNK_BYTES + int.from_bytes(content[start : start + 4], "big")
        if end > len(content):
            break
        name = content[start + 4 : start + 8]
        if zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(content[end - 4 : end], "big"):
            raise _DamageError(f"the checksum of bytes {start} to {end} does not match them")
        yield name, content[start + 8 : end - 4]
        if name == b"IEND":
            if end != len(content):
                raise _DamageError(f"there are {len(content) - end} bytes after its end")
            return
        start = end
    raise _DamageError(f"it breaks off after {len(content)} bytes")


def _inflated(packed: bytes, size: int) -> bytes:
    """Return the filtered rows, which must have the size that the header claims."""
    inflater = zlib.decompressobj()
    try:
        rows = inflater.decompress(packed, size)
        longer = inflater.decompress(inflater.unconsumed_tail, 1)  # reads the checksum as well
    except zlib.error as error:
        raise _DamageError(f"its pixels cannot be decoded: {error}") from error
    if len(rows) < size or longer or inflater.unused_data:
        found = "more" if len(rows) == size else str(len(rows))
        raise _DamageError(f"its pixels have {found} bytes where its header claims {size}")
    if not inflater.eof:
        raise _DamageError("its pixels lack their checksum")
    return rows


def _unfiltered(header: bytes, rows: bytes) -> NDArray[np.uint16]:
    """Let Pillow undo the filters of the rows, which it gets in a PNG without compression."""
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    plain = _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
    try:
        with Image.open(BytesIO(plain), formats=["PNG"]) as image:
            stored: NDArray[np.uint16] = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise _DamageError(f"its rows cannot be decoded: {error}") from error
    return stored
