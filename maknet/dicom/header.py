"""The few header facts of a DICOM image that reading a CT series needs.

Only the listed tags leave this module: no name, date or other identity of a patient does. Of the
time of acquisition 16 bits of a digest leave it, which tell two times apart and no time.
"""

import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)
from pydicom.valuerep import VR

from maknet.dicom.source import SourceError, open_dicom

_MAGIC_START = 128
# FloatPixelData and DoubleFloatPixelData, in both orders of bytes.
_FLOAT_PIXELS = (
    b"\xe0\x7f\x08\x00", b"\xe0\x7f\x09\x00", b"\x7f\xe0\x00\x08", b"\x7f\xe0\x00\x09",
)  # fmt: skip
_FILE_META, _FIRST_GROUP = b"\x02\x00\x00\x00UL", b"\x08\x00"
_REPRESENTATIONS = frozenset([None, *VR])  # the standard's types; implicit elements name none
_CT_CLASSES = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)

# Looked up once: making a tag of a keyword is a good part of reading a header.
_TAGS = {
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


_DECIMAL = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")  # PS3.5, 6.2: DS


class NotDicomError(Exception):
    """The file is no DICOM file."""


class NotAnImageError(Exception):
    """A DICOM object without pixels: RTSTRUCT, SR, presentation state, DICOMDIR."""


class BrokenHeaderError(Exception):
    """A file that begins as DICOM, or is empty, and cannot be an intact image."""


class PixelError(Exception):
    """The pixel data cannot be had.

    Attributes:
        truncated: The file ends before its pixel data does.
    """

    def __init__(self, message: str, truncated: bool = False) -> None:
        super().__init__(message)
        self.truncated = truncated


@dataclass(frozen=True)
class Header:
    """What selection, geometry and rescaling need; a missing sequence of numbers is empty.

    Attributes:
        path: The file.
        file_bytes: Its size, inflated where it is deflated.
        inflated: Whether it is deflated; `transfer_syntax` is that of the inflated data.
        pixel_offset: Byte where the parser stopped: the tag of the pixel data.
        float_pixels: Whether the pixels are floating point numbers.
        high_bit: HighBit; None where it is missing.
        representation: PixelRepresentation: 0 unsigned, 1 signed; -1 where it is missing.
        position: ImagePositionPatient, mm, LPS.
        direction: ImageOrientationPatient, row then column direction.
        pixel_spacing: mm between rows, then between columns.
        padding: PixelPaddingValue in stored units.
        study_uid: StudyInstanceUID.
        frame_uid: FrameOfReferenceUID.
        acquisition: Four hexadecimal digits that are equal where AcquisitionDate and
            AcquisitionTime are, empty where one is missing.
        alias: What the image is called in messages where its file's name must not stand.
    """

    path: Path
    file_bytes: int
    inflated: bool
    pixel_offset: int
    float_pixels: bool
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
    high_bit: int | None
    representation: int
    position: tuple[float, ...]
    direction: tuple[float, ...]
    pixel_spacing: tuple[float, ...]
    slope: float | None
    intercept: float | None
    padding: int | None
    study_uid: str = ""
    frame_uid: str = ""
    acquisition: str = ""
    alias: str = ""

    @property
    def name(self) -> str:
        """What the image is called in messages."""
        return self.alias or self.path.name

    @property
    def signed(self) -> bool:
        """Whether stored values have a sign."""
        return self.representation == 1

    @property
    def stored_range(self) -> tuple[int, int]:
        """Least and largest value that the stored bits hold."""
        top = 1 << self.bits_stored
        return (-top // 2, top // 2 - 1) if self.signed else (0, top - 1)


def read_header(path: Path) -> Header:
    """Read the header of one file without its pixels.

    Raises:
        NotDicomError: There is no DICOM preamble, nor what follows one.
        NotAnImageError: The object is of a class without an image matrix.
        BrokenHeaderError: The file is empty, breaks off, or holds values that cannot be read.
        OSError: The file is missing, or the disk or a permission keeps it from being read.
    """
    size = path.stat().st_size
    if not size:
        raise BrokenHeaderError("the file is empty")
    try:
        with open_dicom(path) as handle:
            return _read(path, size, handle)
    except InvalidDicomError as error:
        if _begins_as_dicom(path):
            raise BrokenHeaderError("the mark of DICOM before its header is damaged") from error
        raise NotDicomError("it has no DICOM preamble") from error
    except (BrokenHeaderError, NotAnImageError):
        raise
    except OSError as error:
        if error.errno is not None:  # of the system; pydicom raises it without a number
            raise
        raise BrokenHeaderError("the header breaks off within an element") from error
    except SourceError as error:
        raise BrokenHeaderError(str(error)) from error
    except Exception as error:  # a damaged header makes pydicom raise nearly anything
        raise BrokenHeaderError(f"the header is damaged ({type(error).__name__})") from error


def _read(path: Path, size: int, handle: BinaryIO) -> Header:
    dataset = pydicom.dcmread(handle, stop_before_pixels=True)
    _require_wellformed(dataset)
    size = len(handle.getbuffer()) if isinstance(handle, BytesIO) else size
    if _TAGS["Rows"] in dataset and _TAGS["Columns"] in dataset:
        return _header(path, size, handle, dataset)
    sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if handle.tell() < size or sop_class in _CT_CLASSES or not sop_class:
        raise BrokenHeaderError("the header breaks off before the image matrix")
    # One damaged place cannot make an image something else: both classes must say so.
    if sop_class in (_text(dataset, "SOPClassUID"), MediaStorageDirectoryStorage):
        raise NotAnImageError
    raise BrokenHeaderError("the header says two things about what the file is")


def _require_wellformed(dataset: FileDataset) -> None:
    """Refuse what the format forbids anywhere in a header, also in elements that are not used."""
    tags = list(map(int, dataset.keys()))  # whose comparison is slow
    if tags != sorted(tags):
        raise BrokenHeaderError("the elements of the header are out of order")
    for element in dataset.values():  # as they were read: nothing is decoded
        if element.VR not in _REPRESENTATIONS:
            raise BrokenHeaderError(f"element {element.tag} has the unknown type {element.VR!r}")


def _begins_as_dicom(path: Path) -> bool:
    """Return whether what follows a preamble is there, or a data set that lacks it."""
    with path.open("rb") as handle:
        head = handle.read(_MAGIC_START + 10)
    return head[_MAGIC_START + 4 :].startswith(_FILE_META) or head.startswith(_FIRST_GROUP)


def _header(path: Path, size: int, handle: BinaryIO, dataset: FileDataset) -> Header:
    slope, intercept = _floats(dataset, "RescaleSlope"), _floats(dataset, "RescaleIntercept")
    return Header(
        path=path,
        file_bytes=size,
        inflated=isinstance(handle, BytesIO),
        pixel_offset=handle.tell(),
        float_pixels=handle.read(4) in _FLOAT_PIXELS,
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
        high_bit=_integer(dataset, "HighBit", -1) if _TAGS["HighBit"] in dataset else None,
        representation=_integer(dataset, "PixelRepresentation", -1),
        position=_floats(dataset, "ImagePositionPatient"),
        direction=_floats(dataset, "ImageOrientationPatient"),
        pixel_spacing=_floats(dataset, "PixelSpacing"),
        slope=slope[0] if slope else None,
        intercept=intercept[0] if intercept else None,
        padding=_padding(dataset),
        study_uid=_text(dataset, "StudyInstanceUID"),
        frame_uid=_text(dataset, "FrameOfReferenceUID"),
        acquisition=_acquisition(dataset),
    )


def _acquisition(dataset: FileDataset) -> str:
    when = [_text(dataset, keyword) for keyword in ("AcquisitionDate", "AcquisitionTime")]
    return hashlib.sha256(" ".join(when).encode()).hexdigest()[:4] if all(when) else ""


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
    """Return an unsigned 16-bit element without decoding it; an empty one is a missing one."""
    if _TAGS[keyword] not in dataset:
        return default
    element: Any = dataset.get_item(_TAGS[keyword])
    if isinstance(element, RawDataElement):
        if not element.value:
            return default
        if len(element.value) != 2:
            raise ValueError(f"{keyword} has {len(element.value)} bytes")
        return int.from_bytes(element.value, "little" if element.is_little_endian else "big")
    return int(element.value)


def _floats(dataset: FileDataset, keyword: str) -> tuple[float, ...]:
    parts = _text(dataset, keyword).split("\\")
    # Not what Python takes besides: 1_0, other scripts' digits, nan.
    whole = all(_DECIMAL.fullmatch(part.strip(" ")) for part in parts)
    return tuple(map(float, parts)) if whole else ()


def _padding(dataset: FileDataset) -> int | None:
    value = dataset.get("PixelPaddingValue") if _TAGS["PixelPaddingValue"] in dataset else None
    return int(value) if isinstance(value, int) else None
