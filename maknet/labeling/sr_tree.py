"""The content of a structured report: its root, TID 1500, and a group a body part, TID 1501.

`sr` is highdicom's module of that name, which is optional and has no types of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID

from maknet.labeling.sr_codes import SCHEME, end_of_scan, site

if TYPE_CHECKING:
    from maknet.labeling.extents import Extent

# Value and meaning of private concepts.
_FROM = ("from", "Position of the first slice")
_TO = ("to", "Position of the last slice")
_CUT = ("cut", "Continues beyond the scan")


@dataclass(frozen=True)
class Network:
    """What a report says of the network.

    Attributes:
        name: Its name.
        version: Short root hash of its weights.
        trained_on: Statement of what the weights were trained on.
        uid: UID of this network as the device that observed.
    """

    name: str
    version: str
    trained_on: str
    uid: UID


@dataclass(frozen=True)
class ReportedPart:
    """One body part as a report tells it.

    Attributes:
        label: Label of the network.
        code: Scheme and value of its code, such as `SCT 39607008`.
        from_mm: Position of its first slice.
        to_mm: Position of its last slice.
        extent_mm: Its length.
        probability: Mean over its slices.
        cut_at: Ends of the scan that it continues beyond: `cranial`, `caudal`.
        sop_uids: SOPInstanceUID of its first and its last slice; one where they are the same.
    """

    label: str
    code: str
    from_mm: float
    to_mm: float
    extent_mm: float
    probability: float
    cut_at: tuple[str, ...]
    sop_uids: tuple[str, ...]


def report_tree(sr: Any, groups: Sequence[Any], network: Network) -> Any:  # noqa: ANN401
    """Return the root of a report with its groups."""
    device = sr.DeviceObserverIdentifyingAttributes(
        network.uid, f"{network.name} {network.version}"
    )
    observer = sr.ObserverContext(codes.DCM.Device, device)
    tree = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    # Not only beside each part: a viewer shows the comment on the whole.
    statement = f"Labeled by a network, {network.trained_on}"
    comment = sr.TextContentItem(codes.DCM.Comment, statement, sr.RelationshipTypeValues.CONTAINS)
    tree[0].ContentSequence.append(comment)
    return tree


def part_group(
    sr: Any,  # noqa: ANN401
    images: Sequence[Dataset],
    extent: "Extent",
    network: Network,
    uid: UID,
) -> Any:  # noqa: ANN401
    """Return the group of one body part.

    Args:
        sr: The module of highdicom.
        images: UIDs of the slices, cranial first.
        extent: Body part.
        network: Who saw it.
        uid: UID of the group.
    """
    place, side = site(extent.label)
    ends = [images[index] for index in dict.fromkeys((extent.first, extent.last))]
    return sr.MeasurementsAndQualitativeEvaluations(
        # The label itself stands here: the meaning of a standard code may have other words.
        sr.TrackingIdentifier(uid, extent.label),
        finding_category=codes.SCT.AnatomicalStructure,
        finding_type=place if place and not side else _private(sr, extent.label, extent.label),
        finding_sites=[sr.FindingSite(place, side)] if place else None,
        algorithm_id=sr.AlgorithmIdentification(
            network.name, network.version, parameters=[network.trained_on]
        ),
        measurements=_measurements(sr, extent),
        qualitative_evaluations=[
            sr.QualitativeEvaluation(_private(sr, *_CUT), end_of_scan(end)) for end in extent.cut_at
        ],
        source_images=[
            sr.SourceImageForMeasurementGroup(image.SOPClassUID, image.SOPInstanceUID)
            for image in ends
        ],
    )


def _measurements(sr: Any, extent: "Extent") -> list[Any]:  # noqa: ANN401
    lengths = (
        (codes.SCT.Length, extent.extent_mm),
        (_private(sr, *_FROM), extent.from_mm),
        (_private(sr, *_TO), extent.to_mm),
    )
    probability = sr.Measurement(
        codes.DCM.Probability, round(float(extent.probability), 4), codes.UCUM.NoUnits,
        derivation=codes.SCT.Mean,
    )  # fmt: skip
    millimeters = [
        sr.Measurement(name, round(float(value), 3), codes.UCUM.Millimeter)
        for name, value in lengths
    ]
    return [*millimeters, probability]


def _private(sr: Any, value: str, meaning: str) -> Any:  # noqa: ANN401
    return sr.CodedConcept(value, SCHEME, meaning)


def reported_part(group: Any) -> ReportedPart:  # noqa: ANN401
    """Read a group back."""
    numbers = {str(found.name.value): float(found.value) for found in group.get_measurements()}
    evaluations = group.get_qualitative_evaluations()
    return ReportedPart(
        label=str(group.tracking_identifier),
        code=f"{group.finding_type.scheme_designator} {group.finding_type.value}",
        from_mm=numbers[_FROM[0]],
        to_mm=numbers[_TO[0]],
        extent_mm=numbers[codes.SCT.Length.value],
        probability=numbers[codes.DCM.Probability.value],
        cut_at=tuple(str(e.value.meaning).lower() for e in evaluations if e.name.value == _CUT[0]),
        sop_uids=tuple(str(image.referenced_sop_instance_uid) for image in group.source_images),
    )
