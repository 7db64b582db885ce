"""Read the listed elements of an intact header by walking over its bytes, without pydicom.

Only what is beyond doubt is read here: explicit or implicit little endian, every element whole, of
a known type and in order, the listed ones of the type that the standard gives them. For
anything else nothing is returned: pydicom reads or refuses it as if this walk had not happened.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_VR
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from maknet.dicom.listed import FLOAT_PIXELS, TAGS
from maknet.dicom.source import LENGTH_ELEMENT, META_START, claims_deflation
from maknet.dicom.syntaxes import BY_PYDICOM, BY_SIMPLEITK

# Nearly every header of a CT slice fits into the first; the second is for private blocks.
_CHUNKS = (1 << 14, 1 << 20)
_SYNTAXES = {
    uid.encode() + b"\0" * (len(uid) % 2): str(uid)
    for uid in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, *BY_PYDICOM, *BY_SIMPLEITK)
}
_LONG = frozenset(vr.encode() for vr in EXPLICIT_VR_LENGTH_32)  # whose length has four bytes
_SHORT = frozenset(vr.encode() for vr in EXPLICIT_VR_LENGTH_16)
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)  # at which pydicom ends as well
_PADDING, _REPRESENTATION = "PixelPaddingValue", "PixelRepresentation"
# By tag, its keyword and its type; PixelPaddingValue has one of two.
_LISTED = {int(tag): (keyword, dictionary_VR(tag).encode()) for keyword, tag in TAGS.items()}
_LISTED |= dict.fromkeys(_PIXELS, ("", b""))
_CHARACTER_SET = 0x00080005
# pydicom looks into every character set, and warns of one that it does not know.
_CHARACTER_SETS = frozenset(
    term.encode() + b" " * (len(term) % 2) for term in python_encoding if "2022" not in term
)
_TRANSFER_SYNTAX, _META_END = 0x00020010, 0x0002FFFF
_ITEM, _ITEM_END, _END_OF_SEQUENCE = (0xFFFE, 0xE000), 0xFFFEE00D, (0xFFFE, 0xE0DD, 0)
_END_OF_ITEM = b"\xfe\xff\x0d\xe0" + bytes(4)
_UNDEFINED = 0xFFFFFFFF
_MAX_DEPTH = 16
_MAX_FIRST = 0x4000  # a larger length of the first implicit element may look like a type

_explicit = struct.Struct("<HH2sH").unpack_from
_implicit = struct.Struct("<HHI").unpack_from
_number = struct.Struct("<I").unpack_from


class _DoubtError(Exception):
    """The walk cannot be sure of what pydicom makes of these bytes."""


@dataclass(slots=True)
class WalkedElements:
    """The listed elements of an intact header, as they are written; see `Elements`.

    Attributes:
        values: Values by keyword; those of numbers have two bytes.
        signed_padding: Whether PixelPaddingValue has a sign.
    """

    file_bytes: int
    pixel_offset: int
    float_pixels: bool
    transfer_syntax: str
    values: dict[str, bytes]
    signed_padding: bool
    inflated: bool = False

    def __contains__(self, keyword: str) -> bool:
        """Return whether the element is there, empty or not."""
        return keyword in self.values

    def text(self, keyword: str) -> str:
        """Return an element as text, its values joined by backslashes; empty where missing."""
        return self.values.get(keyword, b"").decode("latin-1").strip("\0 ")

    def integer(self, keyword: str, default: int) -> int:
        """Return an unsigned 16-bit element."""
        value = self.values.get(keyword)
        return default if value is None else int.from_bytes(value, "little")

    def padding(self) -> int | None:
        """Return PixelPaddingValue, with its sign; None where it is missing."""
        value = self.values.get(_PADDING)
        if value is None:
            return None
        return int.from_bytes(value, "little", signed=self.signed_padding)


def walk(path: Path) -> WalkedElements | None:
    """Return the listed elements of an intact header, or None at the least doubt.

    Raises:
        OSError: The file is missing, or the disk or a permission keeps it from being read.
    """
    size = path.stat().st_size
    if not size:
        return None
    content = b""
    with FileIO(path) as file:
        for chunk in _CHUNKS:
            content += file.read(chunk - len(content))
            try:
                return _walk(content, size)
            except struct.error:
                continue  # the header goes on behind the chunk, or the file breaks off
            except _DoubtError:
                break
    return None


def _walk(content: bytes, size: int) -> WalkedElements:
    syntax, at = _read_meta(content)
    implicit = syntax == ImplicitVRLittleEndian
    if implicit and _number(content, at + 4)[0] >= _MAX_FIRST:
        raise _DoubtError
    values: dict[str, bytes] = {}
    last, signed_padding = _META_END, False
    for tag, vr, start, end in _elements(content, at, implicit):
        if tag <= last:
            raise _DoubtError
        last = tag
        listed = _LISTED.get(tag)
        if listed is None:
            continue
        if tag in _PIXELS:
            break
        keyword, expected = listed
        if vr not in expected:  # one of two for the padding; implicit, it is empty
            raise _DoubtError
        if expected.startswith(b"US") and end - start != 2:
            raise _DoubtError
        values[keyword] = content[start:end]
        if keyword == _PADDING:
            signed_padding = _has_sign(vr, values.get(_REPRESENTATION))
    if "Rows" not in values or "Columns" not in values:
        raise _DoubtError
    offset = start - (12 if vr in _LONG else 8)
    floats = content[offset : offset + 4] in FLOAT_PIXELS
    return WalkedElements(size, offset, floats, syntax, values, signed_padding)


def _has_sign(vr: bytes, representation: bytes | None) -> bool:
    """Return whether the padding has a sign; where no type is written, the pixels' counts."""
    if vr:
        return vr == b"SS"
    if representation is None:
        raise _DoubtError
    return representation != bytes(2)


def _read_meta(content: bytes) -> tuple[str, int]:
    """Return the transfer syntax, and where the file meta ends: where its length says."""
    start = META_START + len(LENGTH_ELEMENT)
    intact = content[META_START - 4 : start] == b"DICM" + LENGTH_ELEMENT
    if not intact or claims_deflation(content):
        raise _DoubtError
    stop, last, syntax = start + 4 + _number(content, start)[0], 0, None
    for tag, vr, value, end in _elements(content, META_START, implicit=False):
        if not last < tag <= _META_END or end > stop:
            raise _DoubtError
        last = tag
        if tag == _TRANSFER_SYNTAX and vr == b"UI":
            syntax = _SYNTAXES.get(content[value:end])
        if end == stop:
            break
    if syntax is None:
        raise _DoubtError
    return syntax, stop


def _elements(
    content: bytes, at: int, implicit: bool, depth: int = 0
) -> Iterator[tuple[int, bytes, int, int]]:
    """Yield tag, type, first byte of the value and the byte after it, element after element.

    Values are not looked at, but for character sets and sequences without a length.

    Raises:
        _DoubtError: An element is none that the walk is sure of.
        struct.error: The content ends before or within the head of an element; a value may end
            behind it.
    """
    while True:
        start = at + 8
        if implicit:
            group, element, length = _implicit(content, at)
            vr = b""
        else:
            group, element, vr, length = _explicit(content, at)
            if vr in _LONG:
                (length,) = _number(content, start)
                start += 4
            elif vr not in _SHORT and not (depth and content[at:start] == _END_OF_ITEM):
                raise _DoubtError
        tag = group << 16 | element
        at = start + length
        if length == _UNDEFINED:
            at = _end_of_value(content, start, tag, vr, implicit, depth)
        if tag == _CHARACTER_SET and (vr not in b"CS" or content[start:at] not in _CHARACTER_SETS):
            raise _DoubtError
        yield tag, vr, start, at


def _end_of_value(content: bytes, at: int, tag: int, vr: bytes, implicit: bool, depth: int) -> int:
    """Return where a value without a length ends: a sequence's; of pixels nobody asks for it."""
    if tag in _PIXELS and not depth:
        return at
    if depth == _MAX_DEPTH or not _is_sequence(tag, vr):
        raise _DoubtError
    while True:
        group, element, length = _implicit(content, at)
        at += 8
        if (group, element, length) == _END_OF_SEQUENCE:
            return at
        if (group, element) != _ITEM:
            raise _DoubtError
        if length:
            at = _end_of_item(content, at, length, implicit, depth + 1)


def _is_sequence(tag: int, vr: bytes) -> bool:
    if vr:
        return vr == b"SQ"
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False


def _end_of_item(content: bytes, at: int, length: int, implicit: bool, depth: int) -> int:
    end = None if length == _UNDEFINED else at + length
    for tag, _, start, after in _elements(content, at, implicit, depth):
        if tag == _ITEM_END:
            if end is None and after == start:
                return after
            break
        if end is not None and after >= end:
            if after == end:
                return after
            break
    raise _DoubtError
