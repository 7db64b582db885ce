"""Compressed 16-bit pixels through pydicom, or through SimpleITK where pydicom has no codec.

SimpleITK is asked for JPEG lossless, JPEG-LS and 12-bit JPEG only: where pydicom refuses what it
can decode, the file is damaged, and SimpleITK would return what happened to be in memory.
"""

import tempfile
import warnings
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    CTImageStorage,
    JPEGExtended12Bit,
    RLELossless,
)

from maknet.dicom.codestream import require_frame_of, require_rle_of
from maknet.dicom.elements import (
    EXPLICIT_LITTLE,
    ElementError,
    read_fragments,
    require_elements_to_end,
)
from maknet.dicom.header import Header, PixelError
from maknet.dicom.syntaxes import BY_PYDICOM, BY_SIMPLEITK

_SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
_PIXEL_DATA = b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"


def read_compressed(header: Header) -> NDArray[np.integer]:
    """Return the stored values (Y, X).

    Raises:
        PixelError: No decoder is at hand, it refuses the frame, or the frame is not what the header
            says.
    """
    syntax = header.transfer_syntax
    # Pillow's JPEG, which pydicom uses, has 8 bits.
    deep_jpeg = syntax == JPEGExtended12Bit and header.bits_stored > 8
    if syntax not in BY_PYDICOM + BY_SIMPLEITK:
        raise PixelError(f"no decoder reads the transfer syntax {syntax or 'none'}")
    frame = _frame(header)
    (require_rle_of if syntax == RLELossless else require_frame_of)(header, frame)
    if syntax in BY_SIMPLEITK or deep_jpeg:
        stored = _decode_with_simpleitk(header, frame)
    else:
        stored = _decode_with_pydicom(header)
    _require_what_the_header_says(stored, header)
    return stored


def _frame(header: Header) -> bytes:
    """Return the compressed frame, whose fragments and what follows them must be whole."""
    with header.path.open("rb") as handle:
        handle.seek(header.pixel_offset)
        head = handle.read(len(_PIXEL_DATA))
        if head != _PIXEL_DATA and head != _PIXEL_DATA.replace(b"OB", b"OW"):
            raise PixelError("there is no compressed pixel data", truncated=len(head) < 12)
        try:
            fragments = read_fragments(handle, header.file_bytes)
            require_elements_to_end(handle, header.file_bytes, EXPLICIT_LITTLE)
        except ElementError as error:
            raise PixelError(str(error)) from error
    return b"".join(fragments[1:])


def _decode_with_pydicom(header: Header) -> NDArray[np.integer]:
    try:
        dataset = pydicom.dcmread(header.path)
        with warnings.catch_warnings():
            # Segments longer than the matrix: pydicom warns and cuts them.
            warnings.filterwarnings("error", message=".*RLE segment")
            stored: NDArray[np.integer] = dataset.pixel_array
    except Exception as error:  # pydicom and its plugins raise nearly anything
        summary = next(iter(str(error).splitlines()), type(error).__name__)
        raise PixelError(f"pydicom cannot decode it ({summary})") from error
    return stored


def _decode_with_simpleitk(header: Header, frame: bytes) -> NDArray[np.integer]:
    """Give SimpleITK a file with the frame and what describes it: it trusts every other length."""
    import SimpleITK as sitk  # noqa: N813 - the package's own abbreviation

    with tempfile.TemporaryDirectory(prefix="maknet-") as folder:
        path = Path(folder) / "frame.dcm"
        description = _description(
            header.transfer_syntax, header.rows, header.columns, header.bits_stored,
            header.representation,
        )  # fmt: skip
        path.write_bytes(description + _PIXEL_DATA + encapsulate([frame]) + _SEQUENCE_END)
        try:
            # Never a view: the array of a temporary image would dangle.
            stored: NDArray[np.integer] = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
        except RuntimeError as error:
            raise PixelError("SimpleITK cannot decode it") from error
    frames: list[NDArray[np.integer]] = list(stored)
    if len(frames) != 1:
        raise PixelError(f"{len(frames)} frames are decoded, not 1")
    return frames[0]


@lru_cache(maxsize=4)
def _description(
    syntax: str, rows: int, columns: int, bits_stored: int, representation: int
) -> bytes:
    """Return a DICOM file up to its pixel data: a good part of the time, and the same for all."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID("1.2.3")
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.Modality = "CT"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits_stored, bits_stored - 1
    dataset.PixelRepresentation = representation
    dataset.RescaleSlope, dataset.RescaleIntercept = "1", "0"
    file = BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _require_what_the_header_says(stored: NDArray[np.integer], header: Header) -> None:
    if stored.shape != (header.rows, header.columns) or stored.dtype.kind not in "iu":
        raise PixelError(f"the decoded image is {stored.shape} of {stored.dtype}")
    low, high = header.stored_range
    least, largest = int(stored.min()), int(stored.max())
    if least < low or largest > high:
        raise PixelError(
            f"the decoded values are {least} to {largest}, and {header.bits_stored} bits hold "
            f"{low} to {high}"
        )
