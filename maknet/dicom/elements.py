"""Walk over DICOM data elements without reading their values: what follows pixels must be elements.

Bytes that were inserted before or among native pixels push the last pixels behind the end of the
pixel data, where they are no elements; so do repeated blocks and converted line ends.
"""

from dataclasses import dataclass
from typing import BinaryIO, Literal

from pydicom.valuerep import VR

_UNDEFINED = 0xFFFFFFFF
_LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
_VRS = {str(vr).encode() for vr in VR if len(str(vr)) == 2}
_PIXEL_DATA = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_MAX_DEPTH = 16


class ElementError(Exception):
    """The bytes are no data elements."""


@dataclass(frozen=True)
class Encoding:
    """How elements are written: with their VR or without, and in which order of bytes."""

    implicit: bool
    order: Literal["little", "big"]

    def tag(self, content: bytes) -> int:
        """Return a tag as group and element."""
        group, element = content[:2], content[2:4]
        return int.from_bytes(group, self.order) << 16 | int.from_bytes(element, self.order)

    def number(self, content: bytes) -> int:
        """Return an unsigned number."""
        return int.from_bytes(content, self.order)


EXPLICIT_LITTLE = Encoding(implicit=False, order="little")


def read_fragments(handle: BinaryIO, end: int) -> list[bytes]:
    """Return the items of encapsulated pixel data, the table of offsets first.

    Args:
        handle: At the first item.
        end: Size of the file.

    Raises:
        ElementError: They are not a sequence of items with an end.
    """
    fragments: list[bytes] = []
    while True:
        tag, length = _item(handle, EXPLICIT_LITTLE)
        if tag == _SEQUENCE_END:
            return fragments
        if tag != _ITEM or handle.tell() + length > end:
            raise ElementError(f"the item of compressed pixels at byte {handle.tell()} is invalid")
        fragments.append(handle.read(length))


def require_elements_to_end(handle: BinaryIO, end: int, encoding: Encoding) -> None:
    """Walk from the end of the pixel data to the end of the file.

    Raises:
        ElementError: There is anything but whole elements with ascending tags.
    """
    start = handle.tell()
    try:
        _skip_elements(handle, end, encoding, _PIXEL_DATA, depth=0)
    except ElementError as error:
        raise ElementError(
            f"{end - start} bytes follow the pixel data and are no data elements ({error})"
        ) from error


def _skip_elements(handle: BinaryIO, end: int, encoding: Encoding, last: int, depth: int) -> None:
    """Skip elements up to byte `end`, or within an item without a length up to its end."""
    if depth > _MAX_DEPTH:
        raise ElementError("they are nested too deeply")
    while handle.tell() < end or depth:
        where = handle.tell()
        head = handle.read(8)
        tag = encoding.tag(head)
        if len(head) == 8 and depth and tag == _ITEM_END:
            return
        if len(head) < 8 or tag <= last or tag >> 16 == 0xFFFE:
            raise ElementError(f"at byte {where}")
        vr, length = _vr_and_length(handle, head, encoding)
        last = tag
        if length == _UNDEFINED and vr in ("", "SQ", "UN"):
            _skip_items(handle, end, encoding, depth)
        elif handle.tell() + length > end:
            raise ElementError(f"the element at byte {where} is longer than the file")
        else:
            handle.seek(length, 1)


def _vr_and_length(handle: BinaryIO, head: bytes, encoding: Encoding) -> tuple[str, int]:
    if encoding.implicit:
        return "", encoding.number(head[4:8])
    if head[4:6] not in _VRS:
        raise ElementError(f"no VR at byte {handle.tell() - 4}")
    vr = head[4:6].decode()
    return vr, encoding.number(handle.read(4) if vr in _LONG else head[6:8])


def _skip_items(handle: BinaryIO, end: int, encoding: Encoding, depth: int) -> None:
    while True:
        tag, length = _item(handle, encoding)
        if tag == _SEQUENCE_END:
            return
        if tag != _ITEM:
            raise ElementError(f"no item at byte {handle.tell() - 8}")
        if length == _UNDEFINED:
            _skip_elements(handle, end, encoding, 0, depth + 1)
        elif handle.tell() + length > end:
            raise ElementError(f"the item at byte {handle.tell() - 8} is longer than the file")
        else:
            handle.seek(length, 1)


def _item(handle: BinaryIO, encoding: Encoding) -> tuple[int, int]:
    head = handle.read(8)
    if len(head) < 8:
        raise ElementError(f"the file ends within a sequence, at byte {handle.tell()}")
    return encoding.tag(head), encoding.number(head[4:])
