"""The few header facts of a DICOM image that reading a CT series needs.

Only the listed tags leave this module: no name, date or other identity of a patient does.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
)

_CT_CLASSES = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)

# Looked up once: making a tag of a keyword is a good part of reading a header.
_TAGS = {
    keyword: Tag(keyword)
    for keyword in (
        "BitsAllocated", "BitsStored", "Columns", "ImageOrientationPatient",
        "ImagePositionPatient", "ImageType", "Modality", "NumberOfFrames",
        "PhotometricInterpretation", "PixelPaddingValue", "PixelRepresentation", "PixelSpacing",
        "RescaleIntercept", "RescaleSlope", "Rows", "SOPClassUID", "SOPInstanceUID",
        "SamplesPerPixel", "SeriesInstanceUID",
    )
}  # fmt: skip


class NotDicomError(Exception):
    """The file is no DICOM file."""


class NotAnImageError(Exception):
    """A DICOM object without pixels: RTSTRUCT, SR, presentation state, DICOMDIR."""


class BrokenHeaderError(Exception):
    """A file that begins as DICOM, or is empty, and cannot be an intact image."""


@dataclass(frozen=True)
class Header:
    """What selection, geometry and rescaling need; a missing sequence of numbers is empty.

    Attributes:
        path: The file.
        pixel_offset: Byte where the parser stopped: the tag of the pixel data.
        position: ImagePositionPatient, mm, LPS.
        direction: ImageOrientationPatient, row then column direction.
        pixel_spacing: mm between rows, then between columns.
        padding: PixelPaddingValue in stored units.
    """

    path: Path
    pixel_offset: int
    transfer_syntax: str
    modality: str
    series_uid: str
    sop_uid: str
    image_type: str
    photometric: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    position: tuple[float, ...]
    direction: tuple[float, ...]
    pixel_spacing: tuple[float, ...]
    slope: float | None
    intercept: float | None
    padding: int | None


def read_header(path: Path) -> Header:
    """Read the header of one file without its pixels.

    Raises:
        NotDicomError: There is no DICOM preamble.
        NotAnImageError: The object is of a class without an image matrix.
        BrokenHeaderError: The file is empty, breaks off, or holds values that cannot be read.
    """
    if not path.stat().st_size:
        raise BrokenHeaderError("the file is empty")
    with path.open("rb", buffering=1 << 16) as handle:
        try:
            dataset = pydicom.dcmread(handle, stop_before_pixels=True)
            offset = handle.tell()
            if _TAGS["Rows"] in dataset and _TAGS["Columns"] in dataset:
                return _header(path, offset, dataset)
            # The file meta comes first: a cut cannot have shortened it unnoticed.
            sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
            sop_class = sop_class or _text(dataset, "SOPClassUID")
        except InvalidDicomError as error:
            raise NotDicomError("it has no DICOM preamble") from error
        except Exception as error:  # a damaged header makes pydicom raise nearly anything
            raise BrokenHeaderError(f"the header is damaged ({type(error).__name__})") from error
    if sop_class in _CT_CLASSES or not sop_class:
        raise BrokenHeaderError("the header breaks off before the image matrix")
    raise NotAnImageError


def _header(path: Path, offset: int, dataset: FileDataset) -> Header:
    slope, intercept = _floats(dataset, "RescaleSlope"), _floats(dataset, "RescaleIntercept")
    return Header(
        path=path,
        pixel_offset=offset,
        transfer_syntax=str(dataset.file_meta.get("TransferSyntaxUID", "")),
        modality=_text(dataset, "Modality"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        sop_uid=_text(dataset, "SOPInstanceUID"),
        image_type=_text(dataset, "ImageType").upper(),
        photometric=_text(dataset, "PhotometricInterpretation"),
        rows=_integer(dataset, "Rows", 0),
        columns=_integer(dataset, "Columns", 0),
        frames=int(_text(dataset, "NumberOfFrames") or 1),
        samples=_integer(dataset, "SamplesPerPixel", 1),
        bits_allocated=_integer(dataset, "BitsAllocated", 0),
        bits_stored=_integer(dataset, "BitsStored", 0),
        signed=bool(_integer(dataset, "PixelRepresentation", 0)),
        position=_floats(dataset, "ImagePositionPatient"),
        direction=_floats(dataset, "ImageOrientationPatient"),
        pixel_spacing=_floats(dataset, "PixelSpacing"),
        slope=slope[0] if slope else None,
        intercept=intercept[0] if intercept else None,
        padding=_padding(dataset),
    )


def _text(dataset: FileDataset, keyword: str) -> str:
    """Return an element as text without decoding it, which costs pydicom 14 times as much."""
    element: Any = dataset.get_item(_TAGS[keyword]) if _TAGS[keyword] in dataset else None
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


def _integer(dataset: FileDataset, keyword: str, default: int) -> int:
    """Return an unsigned 16-bit element without decoding it."""
    if _TAGS[keyword] not in dataset:
        return default
    element: Any = dataset.get_item(_TAGS[keyword])
    if isinstance(element, RawDataElement) and element.value is not None:
        if len(element.value) != 2:
            raise ValueError(f"{keyword} has {len(element.value)} bytes")
        return int.from_bytes(element.value, "little" if element.is_little_endian else "big")
    return int(element.value)


def _floats(dataset: FileDataset, keyword: str) -> tuple[float, ...]:
    text = _text(dataset, keyword)
    try:
        return tuple(float(part) for part in text.split("\\")) if text else ()
    except ValueError:
        return ()


def _padding(dataset: FileDataset) -> int | None:
    value = dataset.get("PixelPaddingValue") if _TAGS["PixelPaddingValue"] in dataset else None
    return int(value) if isinstance(value, int) else None
