"""The phantom's archive of CT series: clean ones, and the nuisances of real archives.

Which series exist is a pure function of the settings, so that the workflow knows its jobs before
anything is drawn. A manifest row, a folder of DICOM files and a receipt are what the TCIA rules
produce too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.files import writing
from maknet.phantom.anatomy import Patient, random_patient
from maknet.phantom.deeplesion import PlannedPatient, labeled_patient
from maknet.phantom.dicom_file import (
    CORONAL,
    MANUFACTURERS,
    SeriesFacts,
    ct_file,
    dicom_uid,
)
from maknet.phantom.render import Scanner, render
from maknet.phantom.shapes import Shape
from maknet.seeding import generator

CLEAN = "clean"
NUISANCES = (
    "scout_inside", "scout_only", "coronal", "short", "missing_slice", "duplicate_slice", "rle",
)  # fmt: skip
LABELED = "labeled_patient"
KINDS = (*NUISANCES, LABELED)
_SHORT_SLICES = 30


@dataclass(frozen=True)
class Protocol:
    """The part of the body that is scanned.

    Attributes:
        name: BodyPartExamined.
        top_mm: Top of the scan in mm below the vertex, for an average patient.
        end_mm: End of the scan in mm below the vertex, for an average patient.
        field_of_view_mm: Smallest and largest side of the image in mm.
        step_mm: Distance between slices in mm.
    """

    name: str
    top_mm: float
    end_mm: float
    field_of_view_mm: tuple[float, float]
    step_mm: float


PROTOCOLS = (
    Protocol("CHEST", 300, 640, (340, 440), 5.0),
    Protocol("CHESTABDPELVIS", 300, 985, (380, 480), 10.0),
    Protocol("ABDOMEN", 545, 800, (360, 460), 4.0),
    Protocol("PELVIS", 760, 1000, (380, 480), 4.0),
    Protocol("ABDOMENPELVIS", 545, 985, (380, 480), 7.0),
    Protocol("HEAD", 5, 225, (240, 280), 4.0),
    Protocol("NECK", 190, 400, (300, 440), 3.5),
    Protocol("WHOLEBODY", 5, 1110, (440, 500), 10.0),
)

_WHOLE_TRUNK = Protocol("CHESTABDPELVIS", 300, 985, (380, 480), 2.5)


@dataclass(frozen=True)
class PlannedSeries:
    """One series of the archive before it is drawn.

    Attributes:
        number: Number of the series, from 0.
        kind: `clean`, or one of `KINDS`.
        protocol: Part of the body that is scanned.
        seed: Seed of the archive.
        labeled: Labeled patient that it shows; None for one of its own.
    """

    number: int
    kind: str
    protocol: Protocol
    seed: int
    labeled: PlannedPatient | None = None

    @property
    def patient_id(self) -> str:
        """PatientID; two series belong to each patient, but one to a labeled one."""
        if self.labeled:
            return f"TCIA-PHANTOM-L{self.labeled.index:04d}"
        return f"TCIA-PHANTOM-{self.number // 2:04d}"

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID, and the name of the folder."""
        return dicom_uid(self.seed, "series", self.number)


def planned_archive(
    seed: int, clean: int, nuisances: Mapping[str, int], tested: Sequence[PlannedPatient] = ()
) -> list[PlannedSeries]:
    """Return the series of the archive in random order, those of labeled patients behind.

    Args:
        seed: Seed of the archive.
        clean: Number of clean series.
        nuisances: Number of series of each nuisance; those of the kind `labeled_patient` show
            the trunks of patients of the test set.
        tested: The test set's patients.

    Raises:
        ValueError: A nuisance is not one of `KINDS`, or there are too few patients.
    """
    unknown = sorted(set(nuisances) - set(KINDS))
    if unknown:
        raise ValueError(f"unknown nuisance {unknown[0]!r}; known are {', '.join(KINDS)}")
    shown = nuisances.get(LABELED, 0)
    if shown > len(tested):
        raise ValueError(f"{shown} series of labeled patients, but {len(tested)} are tested")
    kinds = [CLEAN] * clean + [kind for kind in NUISANCES for _ in range(nuisances.get(kind, 0))]
    order = generator(seed, "archive order").permutation(len(kinds))
    archive = [
        PlannedSeries(number, kinds[at], PROTOCOLS[number % len(PROTOCOLS)], seed)
        for number, at in enumerate(order)
    ]
    return archive + [
        PlannedSeries(len(order) + place, LABELED, _WHOLE_TRUNK, seed, patient)
        for place, patient in enumerate(tested[:shown])
    ]


def write_series(planned: PlannedSeries, folder: Path, matrix: int) -> int:
    """Draw one series into `folder`, which must not exist, and return the number of files.

    Args:
        planned: Series to draw.
        folder: Folder to make.
        matrix: Image side in pixels.
    """
    count = 0
    with writing(folder):
        folder.mkdir(parents=True)
        for name, content in _files(planned, matrix):
            (folder / name).write_bytes(content)
            count += 1
    return count


def _files(planned: PlannedSeries, matrix: int) -> Iterator[tuple[str, bytes]]:
    rng = generator(planned.seed, "series", planned.number)
    patient, lesions = _patient(planned)
    facts, scanner = _acquisition(planned, patient, matrix, rng)
    if planned.kind == "coronal":
        yield from _coronal_files(facts, scanner, patient, rng)
        return
    levels = _levels(planned, patient, rng)
    instances = np.arange(1, len(levels) + 1)
    if rng.random() < 0.5:  # scanned feet first
        instances = instances[::-1]
    corner = -(matrix - 1) / 2 * scanner.pixel_mm
    for u_mm, instance in zip(levels, instances, strict=True):
        hu = render(patient, float(u_mm), scanner, rng, lesions).hu
        image_type = "LOCALIZER" if planned.kind == "scout_only" else "AXIAL"
        content = ct_file(facts, hu, (corner, corner, -float(u_mm)), int(instance), image_type)
        yield f"{instance:04d}.dcm", content
    if planned.kind == "scout_inside":
        yield "0000.dcm", _scout(facts, scanner, patient, rng)


def _patient(planned: PlannedSeries) -> tuple[Patient, tuple[Shape, ...]]:
    """Return the patient and what is painted after it."""
    if planned.labeled:
        return labeled_patient(planned.labeled)
    return random_patient(generator(planned.seed, "patient", planned.patient_id)), ()


def _acquisition(
    planned: PlannedSeries, patient: Patient, matrix: int, rng: np.random.Generator
) -> tuple[SeriesFacts, Scanner]:
    field = float(rng.uniform(*planned.protocol.field_of_view_mm))
    scanner = Scanner(matrix, field, float(rng.uniform(8, 30)), bool(rng.random() < 0.85))
    facts = SeriesFacts(
        patient_id=planned.patient_id,
        study_uid=dicom_uid(planned.seed, "study", planned.patient_id),
        series_uid=planned.series_uid,
        frame_uid=dicom_uid(planned.seed, "frame", planned.patient_id),
        protocol=planned.protocol.name,
        patient=patient,
        manufacturer=MANUFACTURERS[rng.integers(len(MANUFACTURERS))],
        pixel_mm=scanner.pixel_mm,
        step_mm=planned.protocol.step_mm,
        direction=CORONAL if planned.kind == "coronal" else (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        compressed=planned.kind == "rle",
    )
    return facts, scanner


def _levels(
    planned: PlannedSeries, patient: Patient, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the slice levels, mm below the vertex, with the nuisance of this series."""
    protocol = planned.protocol
    start = protocol.top_mm * patient.length + float(rng.uniform(-10, 10))
    count = max(51, int((protocol.end_mm - protocol.top_mm) * patient.length / protocol.step_mm))
    levels: NDArray[np.float64] = start + protocol.step_mm * np.arange(count, dtype=np.float64)
    middle = count // 2
    if planned.kind == "scout_only":
        return levels[middle : middle + 1]
    if planned.kind == "short":
        return levels[:_SHORT_SLICES]
    if planned.kind == "missing_slice":
        return np.delete(levels, middle)
    if planned.kind == "duplicate_slice":
        return np.insert(levels, middle, levels[middle])
    return levels


def _scout(
    facts: SeriesFacts, scanner: Scanner, patient: Patient, rng: np.random.Generator
) -> bytes:
    """Return a scout that shares the series: same matrix, another image type and instance."""
    hu = render(patient, 500.0, scanner, rng).hu
    corner = -(scanner.matrix - 1) / 2 * scanner.pixel_mm
    return ct_file(facts, hu, (corner, corner, 0.0), 0, "LOCALIZER")


def _coronal_files(
    facts: SeriesFacts, scanner: Scanner, patient: Patient, rng: np.random.Generator
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a coronal reformat: a block of axial slices, cut along another axis."""
    levels = 400 + scanner.pixel_mm * np.arange(scanner.matrix)
    block = np.stack([render(patient, float(u), scanner, rng).hu for u in levels])
    corner = -(scanner.matrix - 1) / 2 * scanner.pixel_mm
    rows = np.linspace(scanner.matrix // 4, 3 * scanner.matrix // 4, 60).astype(np.int64)
    for instance, row in enumerate(rows, 1):
        position = (corner, corner + float(row) * scanner.pixel_mm, -float(levels[0]))
        yield f"{instance:04d}.dcm", ct_file(facts, block[:, row], position, instance, "CORONAL")
