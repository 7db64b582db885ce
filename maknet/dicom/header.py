"""The few header facts of a DICOM image that reading a CT series needs.

Only the listed tags leave this module: no name, date or other identity of a patient does. Of the
acquisition time only 16 bits of a digest leave it, which tell two times apart but reveal neither.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)
from pydicom.valuerep import VR

from maknet.dicom.listed import Elements, ParsedElements
from maknet.dicom.source import SourceError, open_dicom
from maknet.dicom.walk import walk

_MAGIC_START = 128
_FILE_META, _FIRST_GROUP = b"\x02\x00\x00\x00UL", b"\x08\x00"
_REPRESENTATIONS = frozenset([None, *VR])  # the standard's types; implicit elements name none
_CT_CLASSES = (CTImageStorage, EnhancedCTImageStorage, LegacyConvertedEnhancedCTImageStorage)
# PS3.5, 6.2: DS. Not what Python takes besides: 1_0, other scripts' digits, nan.
_DECIMAL = r" *[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)? *"
_DECIMALS = re.compile(rf"{_DECIMAL}(?:\\{_DECIMAL})*")


class NotDicomError(Exception):
    """The file is no DICOM file."""


class NotAnImageError(Exception):
    """A DICOM object without pixels: RTSTRUCT, SR, presentation state, DICOMDIR."""


class BrokenHeaderError(Exception):
    """A file that begins as DICOM, or is empty, and cannot be an intact image."""


class PixelError(Exception):
    """The pixel data cannot be read.

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

    An intact one of a common transfer syntax is walked over, in a fraction of pydicom's time; every
    other one goes to pydicom, and every refusal comes from there.

    Raises:
        NotDicomError: There is no DICOM preamble, nor what follows one.
        NotAnImageError: The object is of a class without an image matrix.
        BrokenHeaderError: The file is empty, breaks off, or holds values that cannot be read.
        OSError: The file is missing, or the disk or a permission keeps it from being read.
    """
    with suppress(OSError, ValueError):  # which the other way raises again, or words better
        walked = walk(path)
        if walked is not None:
            return _header(path, walked)
    return parse_header(path)


def parse_header(path: Path) -> Header:
    """Read the header of one file with pydicom, as `read_header` does where it is in doubt.

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
            raise BrokenHeaderError("the DICOM mark before its header is damaged") from error
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
    elements = ParsedElements(dataset, handle, size)
    if "Rows" in elements and "Columns" in elements:
        return _header(path, elements)
    sop_class = str(dataset.file_meta.get("MediaStorageSOPClassUID", ""))
    if elements.pixel_offset < size or sop_class in _CT_CLASSES or not sop_class:
        raise BrokenHeaderError("the header breaks off before the image matrix")
    # One damaged place cannot make an image something else: both classes must say so.
    if sop_class in (elements.text("SOPClassUID"), MediaStorageDirectoryStorage):
        raise NotAnImageError
    raise BrokenHeaderError("the header contradicts itself about what the file is")


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


def _header(path: Path, elements: Elements) -> Header:
    text, integer = elements.text, elements.integer
    slope, intercept = _floats(text("RescaleSlope")), _floats(text("RescaleIntercept"))
    return Header(
        path=path,
        file_bytes=elements.file_bytes,
        inflated=elements.inflated,
        pixel_offset=elements.pixel_offset,
        float_pixels=elements.float_pixels,
        transfer_syntax=elements.transfer_syntax,
        modality=text("Modality"),
        series_uid=text("SeriesInstanceUID"),
        sop_uid=text("SOPInstanceUID"),
        image_type=text("ImageType").upper(),
        photometric=text("PhotometricInterpretation"),
        rows=integer("Rows", 0),
        columns=integer("Columns", 0),
        frames=int(text("NumberOfFrames") or 1),
        samples=integer("SamplesPerPixel", 1),
        bits_allocated=integer("BitsAllocated", 0),
        bits_stored=integer("BitsStored", 0),
        high_bit=integer("HighBit", -1) if "HighBit" in elements else None,
        representation=integer("PixelRepresentation", -1),
        position=_floats(text("ImagePositionPatient")),
        direction=_floats(text("ImageOrientationPatient")),
        pixel_spacing=_floats(text("PixelSpacing")),
        slope=slope[0] if slope else None,
        intercept=intercept[0] if intercept else None,
        padding=elements.padding(),
        study_uid=text("StudyInstanceUID"),
        frame_uid=text("FrameOfReferenceUID"),
        acquisition=_acquisition(text("AcquisitionDate"), text("AcquisitionTime")),
    )


def _acquisition(date: str, time: str) -> str:
    if not date or not time:
        return ""
    return hashlib.sha256(f"{date} {time}".encode()).hexdigest()[:4]


def _floats(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split("\\"))) if _DECIMALS.fullmatch(text) else ()
