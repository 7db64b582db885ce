"""The body parts that a network saw in one CT series, as a DICOM Structured Report.

An Enhanced SR after the template TID 1500, with a group TID 1501 for each part: what it is, from
which slice to which, how sure the network was, whether the scan cuts it, and what the network was
trained on. The report is unverified and preliminary, and says so.

It holds of its patient and study only the UIDs that lead to its images; the rest is empty, as the
standard allows. An archive that holds the images knows whose they are.

highdicom writes the report. It is optional and is imported once a report is asked for.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import UID, CTImageStorage, SecondaryCaptureImageStorage, generate_uid

from maknet.dicom.source import open_dicom
from maknet.errors import InputError
from maknet.files import atomic_path, existing_file
from maknet.labeling.inputs import UID_FORM
from maknet.labeling.sr_codes import SCHEME
from maknet.labeling.sr_tree import Network, ReportedPart, part_group, report_tree, reported_part

if TYPE_CHECKING:
    from maknet.labeling.extents import Extent

# What a report must have of patient and study, but may leave empty (type 2).
IDENTITY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber",
    "ReferringPhysicianName", "StudyDate", "StudyTime", "StudyID",
)  # fmt: skip
_REFERENCE = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_CLASSES = (CTImageStorage, SecondaryCaptureImageStorage)
_SERIES_NUMBER = 900  # far from those that scanners give


class UnreportableError(InputError):
    """The series is fine for labeling but not for a report, and the message says why."""


def write_structured_report(
    target: Path,
    slices: Sequence[Path],
    extents: Sequence["Extent"],
    *,
    algorithm: str,
    version: str,
    trained_on: str,
) -> None:
    """Write the body parts of one series as a DICOM Structured Report.

    Equal content gives equal UIDs; the dates of the report are those of its making.

    Args:
        target: File to write.
        slices: DICOM files of the labeled slices of one series, cranial first.
        extents: Body parts, whose `first` and `last` count the slices; at least one.
        algorithm: Name of the network.
        version: Short root hash of its weights.
        trained_on: Statement of what the weights were trained on, which every reader sees.

    Raises:
        InputError: highdicom is missing, or a file cannot be read.
        UnreportableError: There is nothing to report, or the slices lack the UIDs to point at or
            are not the images of one series.
    """
    highdicom = require_highdicom()
    images = _references(slices)
    if not extents:
        raise UnreportableError(f"No body part was seen in {slices[0].parent}; nothing to report.")
    content = [str(image.SOPInstanceUID) for image in images]
    content += [algorithm, version, trained_on, *map(_told, extents)]
    network = Network(algorithm, version, trained_on, uid=_uid("network", algorithm, version))
    groups = [
        part_group(highdicom.sr, images, extent, network, _uid("part", _told(extent), *content))
        for extent in extents
    ]
    tree = report_tree(highdicom.sr, groups, network)
    report = _report(highdicom, images, tree, content)
    with atomic_path(target) as temporary:
        report.save_as(temporary, enforce_file_format=True)


def read_structured_report(path: Path) -> list[ReportedPart]:
    """Read the body parts of a report that `write_structured_report` wrote.

    Raises:
        InputError: highdicom or the file is missing, or the file is no such report.
    """
    highdicom = require_highdicom()
    path = existing_file(path)
    try:
        report = highdicom.sr.srread(path)
        return [reported_part(group) for group in report.content.get_image_measurement_groups()]
    except Exception as error:  # a damaged file makes pydicom raise nearly anything
        raise InputError(f"{path} is not a report of body parts; write it anew.") from error


def require_highdicom() -> Any:  # noqa: ANN401 - a package without types of its own
    """Return the package highdicom.

    Raises:
        InputError: It is not installed.
    """
    try:
        return importlib.import_module("highdicom")
    except ImportError as error:
        raise InputError(
            "A structured report needs highdicom; type `pip install highdicom==0.28.2`."
        ) from error


def _references(slices: Sequence[Path]) -> list[Dataset]:
    if not slices:
        raise UnreportableError("There are no slices; give the DICOM files of one series.")
    images = [_reference(path) for path in slices]
    for path, image in zip(slices, images, strict=True):
        if image.SeriesInstanceUID != images[0].SeriesInstanceUID:
            raise UnreportableError(
                f"{path} and {slices[0]} are not of one series; give the slices of one series."
            )
    return images


def _reference(path: Path) -> Dataset:
    """Return what highdicom wants of an image: its UIDs, and everything of the patient empty."""
    dataset = _read(path, _REFERENCE)
    image = Dataset()
    for keyword in _REFERENCE:
        value = str(dataset.get(keyword) or "")
        if not UID_FORM.fullmatch(value):
            raise UnreportableError(
                f"{path} has no valid {keyword}, so no report can refer to it; give the series "
                "as its archive holds it."
            )
        setattr(image, keyword, value)
    if image.SOPClassUID not in _CLASSES:
        raise UnreportableError(f"{path} is not an image of a CT series; give only CT slices.")
    for keyword in IDENTITY:
        setattr(image, keyword, "")
    return image


def _read(path: Path, keywords: Sequence[str]) -> FileDataset:
    """Read some elements; what the parser says of them is left out, for it may quote them."""
    path = existing_file(path)
    try:
        with open_dicom(path) as handle, disable_value_validation():
            dataset = pydicom.dcmread(handle, stop_before_pixels=True, specific_tags=list(keywords))
            dataset.decode()
    except Exception as error:  # a damaged header makes pydicom raise nearly anything
        raise InputError(
            f"{path} cannot be read as DICOM ({type(error).__name__}); replace the file."
        ) from error
    return dataset


def _told(extent: "Extent") -> str:
    """Return the content of a part as a text for UIDs, whatever the kind of its numbers."""
    numbers = (extent.from_mm, extent.to_mm, extent.extent_mm, extent.probability)
    places = f"{extent.label} {int(extent.first)} {int(extent.last)} {' '.join(extent.cut_at)}"
    return f"{places} {' '.join(repr(float(number)) for number in numbers)}"


def _uid(kind: str, *content: str) -> UID:
    return generate_uid(entropy_srcs=["maknet", kind, *content])


def _report(highdicom: Any, images: Sequence[Dataset], tree: Any, content: Sequence[str]) -> Any:  # noqa: ANN401
    scheme = highdicom.coding_schemes.CodingSchemeIdentificationItem(SCHEME, "MAKNet workflow")
    return highdicom.sr.EnhancedSR(
        evidence=images,
        content=tree,
        series_instance_uid=_uid("series", *content),
        series_number=_SERIES_NUMBER,
        sop_instance_uid=_uid("report", *content),
        instance_number=1,
        manufacturer="MAKNet workflow",
        is_complete=True,
        series_description="Body parts seen by a network",
        coding_schemes=[scheme],
        specific_character_set="ISO_IR 192",  # UTF-8 holds any name
    )
