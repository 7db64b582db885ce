"""The phantom's DeepLesion: lesions of synthetic patients in that dataset's own layout.

`DL_info.csv` with its 18 columns, `Images_png/<series>/<slice>.png` (uint16, HU + 32768), LesaNet's
two label files and its ontology sheet. The text-mined labels are noisy and incomplete, the
hand-labeled ones true, and no patient is in two splits. Y rows, X columns of a slice.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from maknet.files import write_rows, writing
from maknet.phantom.anatomy import Patient, random_patient
from maknet.phantom.label_files import write_label_files
from maknet.phantom.lesions import Lesion, bounding_box, grow_lesion
from maknet.phantom.render import Scanner, Slice, render
from maknet.phantom.shapes import Shape
from maknet.phantom.terms import LESION_SITES
from maknet.seeding import generator

COLUMNS = (
    "File_name", "Patient_index", "Study_index", "Series_ID", "Key_slice_index",
    "Measurement_coordinates", "Bounding_boxes", "Lesion_diameters_Pixel_",
    "Normalized_lesion_location", "Coarse_lesion_type", "Possibly_noisy", "Slice_range",
    "Spacing_mm_px_", "Image_size", "DICOM_windows", "Patient_gender", "Patient_age",
    "Train_Val_Test",
)  # fmt: skip
PNG_OFFSET = 32768
_BOX_MARGIN_PX = 5
_SPLIT_NUMBER = {"train": 1, "val": 2, "test": 3, "hand": 3}


@dataclass(frozen=True)
class LabelNoise:
    """Errors of the text-mined labels (config section `phantom`).

    Attributes:
        missing: Probability that a true label is not mentioned.
        wrong: Probability that a lesion carries the labels of another site.
        uncertain: Probability that a mentioned label is marked uncertain.
        noisy: Probability that a lesion is flagged `Possibly_noisy`.
    """

    missing: float = 0.3
    wrong: float = 0.08
    uncertain: float = 0.05
    noisy: float = 0.01


@dataclass(frozen=True)
class PlannedPatient:
    """One patient of the folder before it is drawn.

    Attributes:
        index: Patient_index, from 1.
        split: `train`, `val`, `test` or `hand`.
        lesions: Number of lesions.
        seed: Seed of the dataset.
        matrix: Image side in pixels.
    """

    index: int
    split: str
    lesions: int
    seed: int
    matrix: int


@dataclass(frozen=True)
class DrawnLesion:
    """A row of `DL_info.csv` and the lesion that it describes.

    Attributes:
        split: `train`, `val`, `test` or `hand`.
        row: Cells by column.
        lesion: Synthetic lesion.
    """

    split: str
    row: dict[str, Any]
    lesion: Lesion


def write_deeplesion(
    folder: Path,
    seed: int,
    patients: Mapping[str, int],
    lesions_per_patient: int,
    matrix: int,
    noise: LabelNoise,
    workers: int = 1,
) -> None:
    """Draw the dataset into `folder`; the result does not depend on `workers`.

    Args:
        folder: Folder that receives the files named in the module docstring.
        seed: Seed of the dataset.
        patients: Number of patients of each split: train, val, test, hand.
        lesions_per_patient: Number of lesions per patient.
        matrix: Image side in pixels.
        noise: Errors of the text-mined labels.
        workers: Number of processes that draw.
    """
    planned = planned_patients(seed, patients, lesions_per_patient, matrix)
    images = folder / "Images_png"
    with ProcessPoolExecutor(workers) as pool:
        drawn = list(pool.map(_draw_patient, planned, [images] * len(planned), chunksize=4))
    lesions = [lesion for patient in drawn for lesion in patient]
    flags = generator(seed, "noisy").random(len(lesions)) < noise.noisy
    for lesion, noisy in zip(lesions, flags, strict=True):
        lesion.row["Possibly_noisy"] = int(noisy)
    write_rows(folder / "DL_info.csv", COLUMNS, [lesion.row for lesion in lesions])
    write_label_files(
        folder, [(d.split, d.lesion.terms) for d in lesions], noise.missing, noise.wrong,
        noise.uncertain, generator(seed, "label noise"),
    )  # fmt: skip


def planned_patients(
    seed: int, patients: Mapping[str, int], lesions_per_patient: int, matrix: int
) -> list[PlannedPatient]:
    """Return the patients of the folder in random order; see `write_deeplesion`."""
    splits = [split for split in _SPLIT_NUMBER for _ in range(patients[split])]
    order = generator(seed, "patient order").permutation(len(splits))
    return [
        PlannedPatient(index, splits[at], lesions_per_patient, seed, matrix)
        for index, at in enumerate(order, 1)
    ]


def labeled_patient(planned: PlannedPatient) -> tuple[Patient, tuple[Shape, ...]]:
    """Return a patient of the folder, and all its lesions."""
    rng = generator(planned.seed, "lesions of patient", planned.index)
    patient = random_patient(rng)
    drawn = _draw_lesions(planned, patient, None, rng)
    return patient, tuple(lesion.lesion.shape for lesion in drawn)


def _draw_patient(planned: PlannedPatient, images: Path) -> list[DrawnLesion]:
    rng = generator(planned.seed, "lesions of patient", planned.index)
    return _draw_lesions(planned, random_patient(rng), images, rng)


def _draw_lesions(
    planned: PlannedPatient, patient: Patient, images: Path | None, rng: np.random.Generator
) -> list[DrawnLesion]:
    """Draw a patient's lesions, into the folder `images` if there is one."""
    drawn: list[DrawnLesion] = []
    series = 0
    while len(drawn) < planned.lesions:
        series += 1
        scanner = Scanner(planned.matrix, float(rng.uniform(400, 490)), float(rng.uniform(8, 30)))
        drawn += _draw_series(planned, patient, scanner, series, images, rng)
    return drawn[: planned.lesions]


def _draw_series(
    planned: PlannedPatient,
    patient: Patient,
    scanner: Scanner,
    series: int,
    images: Path | None,
    rng: np.random.Generator,
) -> list[DrawnLesion]:
    """Draw one key slice with one or two lesions, and its neighbors."""
    first = grow_lesion(patient, scanner, rng)
    if first is None:
        return []
    lesions = [first]
    if rng.random() < 0.2:
        second = grow_lesion(patient, scanner, rng, first.u_mm)
        lesions += [second] if second else []
    step = float(rng.choice([1.0, 2.5, 5.0]))
    key, reach = int(rng.integers(20, 300)), 3 if step == 1 else 2
    name = f"{planned.index:06d}_01_{series:02d}"
    shapes = tuple(lesion.shape for lesion in lesions)
    picture: Slice | None = None
    for offset in range(-reach, reach + 1):
        if offset and rng.random() < 0.02:  # a few neighbors are missing, as in the original
            continue
        drawn = render(patient, first.u_mm + offset * step, scanner, rng, shapes)
        picture = drawn if offset == 0 else picture
        if images is not None:
            write_png(images / name / f"{key + offset:03d}.png", drawn.hu)
    assert picture is not None  # noqa: S101 - the key slice is always drawn
    rows = []
    for position, lesion in enumerate(lesions):
        box = bounding_box(picture, patient, position)
        if box is not None:
            row = info_row(planned, patient, scanner, lesion, box, name, key, reach, step)
            rows.append(DrawnLesion(planned.split, row, lesion))
    return rows


def write_png(path: Path, hu: np.ndarray) -> None:
    """Write a slice `hu` (Y, X) in HU as DeepLesion stores it."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(hu))


def png_bytes(hu: np.ndarray) -> bytes:
    """Return the PNG of a slice `hu` (Y, X) in HU as DeepLesion stores it, hardly compressed.

    Noise hardly gets smaller, and trying harder takes as long as drawing it.
    """
    buffer = BytesIO()
    Image.fromarray((np.clip(np.rint(hu), -1024, 3071) + PNG_OFFSET).astype(np.uint16)).save(
        buffer, format="PNG", compress_level=1
    )
    return buffer.getvalue()


def info_row(
    planned: PlannedPatient, patient: Patient, scanner: Scanner, lesion: Lesion,
    box: Sequence[float], name: str, key: int, reach: int, step: float,
) -> dict[str, Any]:  # fmt: skip
    """Return a row of `DL_info.csv`.

    Args:
        planned: Patient of the lesion.
        patient: The same, drawn.
        scanner: Acquisition settings of the series.
        lesion: Synthetic lesion.
        box: x1, y1, x2, y2 of the lesion in pixels.
        name: Name of the series.
        key: Number of the key slice.
        reach: Number of neighbors on each side.
        step: Distance between slices in mm.
    """
    x1, y1, x2, y2 = box
    margin = (x1 - _BOX_MARGIN_PX, y1 - _BOX_MARGIN_PX, x2 + _BOX_MARGIN_PX, y2 + _BOX_MARGIN_PX)
    middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
    location = (middle_x / scanner.matrix, middle_y / scanner.matrix, lesion.u_mm / 1150)
    coarse = -1 if planned.split == "train" else LESION_SITES[lesion.site]
    values = (
        f"{name}_{key:03d}.png", planned.index, 1, int(name[-2:]), key,
        _numbers(x1, middle_y, x2, middle_y, middle_x, y1, middle_x, y2), _numbers(*margin),
        _numbers(max(x2 - x1, y2 - y1), min(x2 - x1, y2 - y1)), _numbers(*location), coarse, 0,
        _numbers(key - reach, key + reach), _numbers(scanner.pixel_mm, scanner.pixel_mm, step),
        _numbers(scanner.matrix, scanner.matrix), "-175, 275", "F" if patient.female else "M",
        30 + planned.index % 55, _SPLIT_NUMBER[planned.split],
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _numbers(*values: float) -> str:
    return ", ".join(f"{value:.6g}" for value in values)
