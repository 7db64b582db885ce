"""The elements of a header that are read, and a data set of pydicom as their source."""

from io import BytesIO
from typing import Any, BinaryIO, Protocol

from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.tag import Tag

# Looked up once: making a tag of a keyword is a good part of reading a header.
TAGS = {
    keyword: Tag(keyword)
    for keyword in (
        "AcquisitionDate", "AcquisitionTime", "BitsAllocated", "BitsStored", "Columns",
        "FrameOfReferenceUID", "HighBit", "ImageOrientationPatient", "ImagePositionPatient",
        "ImageType", "Modality", "NumberOfFrames",
        "PhotometricInterpretation", "PixelPaddingValue", "PixelRepresentation", "PixelSpacing",
        "RescaleIntercept", "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID",
        "SamplesPerPixel", "SeriesInstanceUID", "StudyInstanceUID",
    )
}  # fmt: skip
# FloatPixelData and DoubleFloatPixelData, in both orders of bytes.
FLOAT_PIXELS = (
    b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00", b"\x7f\xe0\x00\x08", b"\x7f\xe0\x00\x09",
)  # fmt: skip


class Elements(Protocol):
    """The listed elements of one file, whoever read them.

    Attributes:
        file_bytes: Size of the file, inflated where it is deflated.
        inflated: Whether it is deflated.
        pixel_offset: Byte where the header ends: the tag of the pixel data.
        float_pixels: Whether that tag is one of floating point numbers.
        transfer_syntax: Its UID; empty where it is missing.
    """

    file_bytes: int
    inflated: bool
    pixel_offset: int
    float_pixels: bool
    transfer_syntax: str

    def __contains__(self, keyword: str) -> bool:
        """Return whether the element is there, empty or not."""

    def text(self, keyword: str) -> str:
        """Return an element as text, its values joined by backslashes; empty where missing."""

    def integer(self, keyword: str, default: int) -> int:
        """Return an unsigned 16-bit element; an empty one is a missing one."""

    def padding(self) -> int | None:
        """Return PixelPaddingValue, with its sign; None where it is no single integer."""


class ParsedElements:
    """The listed elements of a data set that pydicom has read up to the pixels."""

    def __init__(self, dataset: FileDataset, handle: BinaryIO, file_bytes: int) -> None:
        self._dataset = dataset
        self.inflated = isinstance(handle, BytesIO)
        self.file_bytes = file_bytes
        self.pixel_offset = handle.tell()
        self.float_pixels = handle.read(4) in FLOAT_PIXELS
        self.transfer_syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))

    def __contains__(self, keyword: str) -> bool:
        """Return whether the element is there, empty or not."""
        return TAGS[keyword] in self._dataset

    def text(self, keyword: str) -> str:
        """Return an element as text without decoding it, which costs pydicom 14 times as much."""
        element: Any = self._dataset.get_item(TAGS[keyword]) if keyword in self else None
        value = None if element is None else element.value
        if value is None:
            return ""
        if isinstance(value, bytes):
            return value.decode("latin-1").strip("\0 ")
        if isinstance(value, str):
            return value.strip("\0 ")
        try:
            return "\\".join(str(part) for part in value)  # a MultiValue that was decoded before
        except TypeError:
            return str(value)

    def integer(self, keyword: str, default: int) -> int:
        """Return an unsigned 16-bit element without decoding it; an empty one is a missing one."""
        if keyword not in self:
            return default
        element: Any = self._dataset.get_item(TAGS[keyword])
        if isinstance(element, RawDataElement):
            if not element.value:
                return default
            if len(element.value) != 2:
                raise ValueError(f"{keyword} has {len(element.value)} bytes")
            return int.from_bytes(element.value, "little" if element.is_little_endian else "big")
        return int(element.value)

    def padding(self) -> int | None:
        """Return PixelPaddingValue as pydicom decodes it."""
        value = self._dataset.get("PixelPaddingValue") if "PixelPaddingValue" in self else None
        return int(value) if isinstance(value, int) else None
