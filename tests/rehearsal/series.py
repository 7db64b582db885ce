"""The series of the manifest, drawn as DICOM of 64 x 64 when a server is asked for them.

A series is a pure function of its row in the manifest. A file is its series' header with the few
values of the slice put in: pydicom would take as long for 1.5 million headers as all else together.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from maknet.config.manifest import ManifestSeries
from maknet.phantom.anatomy import Patient, random_patient
from maknet.phantom.archive import CLEAN, PROTOCOLS, Protocol
from maknet.phantom.dicom_file import (
    CORONAL,
    MANUFACTURERS,
    SeriesFacts,
    ct_file,
    dicom_uid,
    stored_values,
)
from maknet.phantom.render import Scanner, render
from maknet.seeding import generator

MATRIX = 64
SEED = 21
NUISANCES = ("scout_inside", "missing_slice", "duplicate_slice", "coronal", "rle")
NUISANCE_RATE = 0.001  # of each: five thousandths of the series have one
_DRAWN = 60  # levels that are drawn; slices between are interpolated
_NOISE_HU = 15.0
_STEP_MM = (0.3, 10.0)
_LEVEL = -11111.111  # stands for the level of a slice: as long as every level is written
_INSTANCE = 1111
_NUMBER_ELEMENT = b"\x20\x00\x13\x00IS\x04\x00"


def kind_of(uid: str) -> str:
    """Return `clean`, or the nuisance of a series."""
    drawn = generator(SEED, "kind", uid).random() / NUISANCE_RATE
    return NUISANCES[int(drawn)] if drawn < len(NUISANCES) else CLEAN


def series_files(item: ManifestSeries) -> dict[str, bytes]:
    """Return the files of one series by name, as many as the manifest says."""
    rng = generator(SEED, "series", item.uid)
    patient = random_patient(generator(SEED, "patient", item.collection, item.patient))
    protocol = PROTOCOLS[rng.integers(len(PROTOCOLS))]
    levels = _levels(item, protocol, patient, rng)
    kind = kind_of(item.uid)
    if kind == "missing_slice":
        middle = len(levels) // 2
        levels[middle:] += levels[1] - levels[0]
    if kind == "duplicate_slice":
        levels[len(levels) // 2] = levels[len(levels) // 2 - 1]
    field = float(rng.uniform(*protocol.field_of_view_mm))
    facts = SeriesFacts(
        patient_id=item.patient or item.uid[-12:],
        study_uid=dicom_uid(SEED, "study", item.collection, item.patient or item.uid),
        series_uid=item.uid,
        frame_uid=dicom_uid(SEED, "frame", item.uid),
        protocol=protocol.name,
        patient=patient,
        manufacturer=MANUFACTURERS[rng.integers(len(MANUFACTURERS))],
        pixel_mm=field / MATRIX,
        step_mm=round(float(levels[1] - levels[0]), 3),
    )
    hu = _slices(patient, levels, Scanner(MATRIX, field, 0.0, bool(rng.random() < 0.85)), rng)
    instances = np.arange(1, len(levels) + 1)
    if rng.random() < 0.5:  # scanned feet first
        instances = instances[::-1]
    return _files(facts, kind, hu, levels, instances)


def _levels(
    item: ManifestSeries, protocol: Protocol, patient: Patient, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the levels in mm below the vertex."""
    count = item.images or 1
    step = (protocol.end_mm - protocol.top_mm) * patient.length / count
    start = protocol.top_mm * patient.length + float(rng.uniform(-10, 10))
    levels: NDArray[np.float64] = start + np.clip(step, *_STEP_MM) * np.arange(count)
    return levels


def _slices(
    patient: Patient, levels: NDArray[np.float64], scanner: Scanner, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the slices in HU, (N, Y, X)."""
    drawn = np.linspace(levels[0], levels[-1], min(len(levels), _DRAWN))
    known = np.stack([render(patient, float(u), scanner, rng).hu for u in drawn])
    at = np.interp(levels, drawn, np.arange(len(drawn)))
    below = np.minimum(at.astype(np.int64), len(drawn) - 2)
    part = (at - below).astype(np.float32)[:, None, None]
    hu = known[below] * (1 - part) + known[below + 1] * part
    hu += _NOISE_HU * rng.standard_normal(hu.shape, dtype=np.float32)
    return hu


def _files(
    facts: SeriesFacts, kind: str, hu: NDArray[np.float32], levels: NDArray[np.float64],
    instances: NDArray[np.int64],
) -> dict[str, bytes]:  # fmt: skip
    if kind == "coronal":
        facts = replace(facts, direction=CORONAL)
    files = _from_template(facts, hu, levels, instances)
    if kind == "scout_inside":
        files[_name(1)] = ct_file(facts, hu[0], (0.0, 0.0, 0.0), 1, "LOCALIZER")
    if kind == "rle":
        packed = replace(facts, compressed=True)
        for picture, level, number in zip(hu, levels, instances, strict=True):
            at = (*_corner(facts), -float(level))
            files[_name(int(number))] = ct_file(packed, picture, at, int(number))
    return files


def _name(number: int) -> str:
    return f"{number:08d}.dcm"


def _corner(facts: SeriesFacts) -> tuple[float, float]:
    side = -(MATRIX - 1) / 2 * facts.pixel_mm
    return side, side


def _from_template(
    facts: SeriesFacts, hu: NDArray[np.float32], levels: NDArray[np.float64],
    instances: NDArray[np.int64],
) -> dict[str, bytes]:  # fmt: skip
    """Return a file of each slice: one header, with the values of the slice put in."""
    pixels = stored_values(facts.manufacturer, hu)
    template = ct_file(facts, hu[0], (*_corner(facts), _LEVEL), _INSTANCE)
    header = bytearray(template[: -pixels[0].nbytes])
    uid = dicom_uid(facts.series_uid, "AXIAL", _INSTANCE).encode()
    first = header.index(uid)
    at_uid = (first, header.index(uid, first + 1))
    at_level = header.index(f"\\{_LEVEL:.4f}".encode()) + 1
    at_location = header.index(f"{_LEVEL:.2f}".encode(), at_level + len(f"{_LEVEL:.4f}"))
    at_number = header.index(_NUMBER_ELEMENT + str(_INSTANCE).encode()) + len(_NUMBER_ELEMENT)
    files = {}
    for number, level, stored in zip(instances.tolist(), levels.tolist(), pixels, strict=True):
        for place in at_uid:
            header[place + len(uid) - 6 : place + len(uid)] = f"{number:06d}".encode()
        header[at_level : at_level + 11] = f"{-level:+011.4f}".encode()
        header[at_location : at_location + 9] = f"{-level:+09.2f}".encode()
        header[at_number : at_number + 4] = f"{number:04d}".encode()
        files[_name(number)] = bytes(header) + stored.tobytes()
    return files
