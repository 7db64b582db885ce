"""One synthetic slice as a valid DICOM CT file.

The habits of four manufacturers are imitated where they matter to a reader: sign, stored bits,
rescale slope and intercept, padding outside the field of view. Y rows, X columns of a slice.
"""

import hashlib
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    RLELossless,
)

from maknet.phantom.anatomy import Patient

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


@dataclass(frozen=True)
class Manufacturer:
    """One manufacturer's way to store HU.

    Attributes:
        name: Manufacturer.
        signed: Whether stored values are signed (PixelRepresentation).
        bits_stored: BitsStored.
        slope: RescaleSlope.
        intercept: RescaleIntercept.
        padding: Stored value outside the field of view, None without padding.
    """

    name: str
    signed: bool
    bits_stored: int
    slope: float
    intercept: float
    padding: int | None


MANUFACTURERS = (
    Manufacturer("GE MEDICAL SYSTEMS", True, 16, 1.0, -1024.0, -2000),
    Manufacturer("SIEMENS", False, 12, 1.0, -1024.0, None),
    Manufacturer("TOSHIBA", True, 16, 1.0, 0.0, -2048),
    Manufacturer("Philips", False, 14, 0.5, -1000.0, None),
)


@dataclass(frozen=True)
class SeriesFacts:
    """The values that all files of one series share.

    Attributes:
        patient_id: PatientID.
        study_uid: StudyInstanceUID.
        series_uid: SeriesInstanceUID.
        frame_uid: FrameOfReferenceUID.
        protocol: BodyPartExamined.
        patient: Synthetic patient.
        manufacturer: Manufacturer whose habits are imitated.
        pixel_mm: Side of a pixel in mm.
        step_mm: Distance between slices in mm.
        direction: ImageOrientationPatient.
        compressed: Whether the pixel data is RLE-compressed.
    """

    patient_id: str
    study_uid: str
    series_uid: str
    frame_uid: str
    protocol: str
    patient: Patient
    manufacturer: Manufacturer
    pixel_mm: float
    step_mm: float
    direction: tuple[float, ...] = AXIAL
    compressed: bool = False


def dicom_uid(*parts: object) -> str:
    """Return a UID that is a pure function of `parts`, under the UUID arc 2.25."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()[:15]
    return f"2.25.{int.from_bytes(digest, 'big')}"


def ct_file(
    facts: SeriesFacts,
    hu: NDArray[np.float32],
    position: tuple[float, float, float],
    instance: int,
    image_type: str = "AXIAL",
) -> bytes:
    """Return the DICOM file of one slice.

    Args:
        facts: Values that all files of the series share.
        hu: Slice in HU, (Y, X).
        position: Place of the first pixel in LPS mm (ImagePositionPatient).
        instance: InstanceNumber.
        image_type: Third value of ImageType.
    """
    sop_uid = dicom_uid(facts.series_uid, image_type, instance)
    dataset = FileDataset(BytesIO(), {}, file_meta=_file_meta(sop_uid), preamble=b"\0" * 128)
    _identify(dataset, facts, sop_uid, instance, image_type)
    dataset.ImagePositionPatient = [f"{v:.4f}" for v in position]
    dataset.ImageOrientationPatient = [f"{v:g}" for v in facts.direction]
    dataset.PositionReferenceIndicator = ""
    dataset.SliceLocation = f"{position[2]:.2f}"
    _store(dataset, facts, hu)
    if facts.compressed:
        dataset.compress(RLELossless, generate_instance_uid=False)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _file_meta(sop_uid: str) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(sop_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    return meta


def _identify(
    dataset: FileDataset, facts: SeriesFacts, sop_uid: str, instance: int, image_type: str
) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", image_type]
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = UID(sop_uid)
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = "20000101"
    dataset.ContentDate, dataset.StudyTime, dataset.ContentTime = "20000101", "120000", "120000"
    dataset.AccessionNumber = dataset.ReferringPhysicianName = dataset.PatientBirthDate = ""
    dataset.Modality, dataset.Manufacturer = "CT", facts.manufacturer.name
    dataset.StudyDescription = f"SYNTHETIC {facts.protocol}"
    dataset.SeriesDescription = f"{facts.protocol} {facts.step_mm:g}mm"
    dataset.PatientName = f"PHANTOM^{facts.patient_id}"
    dataset.PatientID = facts.patient_id
    dataset.PatientSex = "F" if facts.patient.female else "M"
    dataset.BodyPartExamined = facts.protocol
    if facts.patient.contrast:
        dataset.ContrastBolusAgent = "IV"
    dataset.SliceThickness, dataset.KVP, dataset.PatientPosition = (
        f"{facts.step_mm:g}",
        "120",
        "HFS",
    )
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = facts.study_uid, facts.series_uid
    dataset.FrameOfReferenceUID, dataset.StudyID = facts.frame_uid, "1"
    dataset.SeriesNumber, dataset.AcquisitionNumber, dataset.InstanceNumber = 2, 1, instance


def stored_values(maker: Manufacturer, hu: NDArray[np.float32]) -> NDArray[np.integer]:
    """Return what a manufacturer stores for HU, of the same shape (..., Y, X)."""
    stored = np.rint((np.clip(hu, -1024, 3071) - maker.intercept) / maker.slope)
    stored = np.clip(stored, 0 if not maker.signed else None, None)
    if maker.padding is not None:
        stored[..., _outside_circle(hu.shape[-2:])] = maker.padding
    kept: NDArray[np.integer] = stored.astype(np.int16 if maker.signed else np.uint16)
    return kept


def _store(dataset: FileDataset, facts: SeriesFacts, hu: NDArray[np.float32]) -> None:
    maker = facts.manufacturer
    if maker.padding is not None:
        vr = "SS" if maker.signed else "US"
        dataset.add_new("PixelPaddingValue", vr, maker.padding)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = hu.shape
    dataset.PixelSpacing = [f"{facts.pixel_mm:.6f}"] * 2
    dataset.BitsAllocated, dataset.BitsStored = 16, maker.bits_stored
    dataset.HighBit, dataset.PixelRepresentation = maker.bits_stored - 1, int(maker.signed)
    dataset.WindowCenter, dataset.WindowWidth = "40", "400"
    dataset.RescaleIntercept, dataset.RescaleSlope = f"{maker.intercept:g}", f"{maker.slope:g}"
    dataset.RescaleType = "HU"
    dataset.PixelData = stored_values(maker, hu).tobytes()


def _outside_circle(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rows, columns = (np.arange(n) - (n - 1) / 2 for n in shape)
    outside: NDArray[np.bool_] = rows[:, None] ** 2 + columns[None] ** 2 > (min(shape) / 2) ** 2
    return outside
