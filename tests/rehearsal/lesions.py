"""DeepLesion as it is published, 56 zips and 4 files, with synthetic slices of 64 x 64.

The label files are LesaNet's where a copy of them is at hand and all lesions are drawn, else drawn
ones; either way the paper's counts of lesions come out.
"""

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import numpy as np

from maknet.data.labels.label_files import MINED_SPLITS, read_hand, read_mined
from maknet.data.labels.label_table import load_labels
from maknet.fetch.download import file_digest
from maknet.files import write_rows
from maknet.phantom.anatomy import random_patient
from maknet.phantom.deeplesion import COLUMNS, PlannedPatient, info_row, png_bytes
from maknet.phantom.label_files import HAND, ONTOLOGY, TEXT_MINED, write_label_files
from maknet.phantom.lesions import bounding_box, grow_lesion
from maknet.phantom.render import Scanner, render
from maknet.seeding import generator

ROWS = 32_735
COUNTS = {"train": 17_697, "val": 1_686, "test": 1_638, "hand": 490}
PARTS = 56
SOURCES = "sources.csv"
# By the name that is published: the name that the phantom gives it.
LABEL_FILES = {
    "text_mined_labels_171_and_split.json": TEXT_MINED,
    "hand_labeled_test_set.json": HAND,
    "lesion_ontology_181022.xlsx": ONTOLOGY,
}
SEED = 21
_MATRIX = 64
_PER_PATIENT = 7  # lesions; 4,427 patients have 32,735
_REACH = {1.0: 3, 2.5: 2, 5.0: 1}


@dataclass(frozen=True)
class DrawnRow:
    """A row of DL_info.csv, what is true of its lesion, and its slices.

    Attributes:
        row: Cells by column.
        terms: True labels.
        slices: PNGs by their name in a zip.
    """

    row: dict[str, Any]
    terms: frozenset[str]
    slices: dict[str, bytes]


def write_archive(folder: Path, labels: Path | None, share: float, workers: int) -> None:
    """Write the files that DeepLesion and LesaNet publish, and the list of their digests.

    Args:
        folder: Folder to fill.
        labels: Folder with LesaNet's files; None to draw them. Not used for a part of the rows.
        share: Part of the 32,735 rows.
        workers: Number of processes that draw.
    """
    folder.mkdir(parents=True)
    labels = labels if share == 1 else None
    splits = _published_splits(labels) if labels else _drawn_splits(share)
    patients = _patients(splits)
    parts = max(2, round(PARTS * share))
    chunks = np.array_split(np.arange(len(patients)), parts)
    rows: list[dict[str, Any]] = []
    terms: list[frozenset[str]] = []
    with ProcessPoolExecutor(workers) as pool:
        drawn = pool.map(_draw_patient, *zip(*patients, strict=True), chunksize=8)
        for number, chunk in enumerate(chunks, 1):
            found = [lesion for _ in chunk for lesion in next(drawn)]
            _write_zip(folder / f"Images_png_{number:02d}.zip", found)
            rows += [lesion.row for lesion in found]
            terms += [lesion.terms for lesion in found]
    if labels:
        for name in LABEL_FILES:
            shutil.copyfile(labels / name, folder / name)
    else:
        _write_labels(folder, splits, terms)
    _flag_surplus(folder, rows, counts_of(share))
    write_rows(folder / "DL_info.csv", COLUMNS, rows)
    _write_sources(folder)


def counts_of(share: float) -> dict[str, int]:
    """Return the number of lesions of each split."""
    return {split: max(8, round(count * share)) for split, count in COUNTS.items()}


def _drawn_splits(share: float) -> list[str]:
    """Return the split of every row, empty for none: blocks of a patient each, in random order."""
    blocks = [
        [split] * min(_PER_PATIENT, count - start)
        for split, count in counts_of(share).items()
        for start in range(0, count, _PER_PATIENT)
    ]
    rest = round(ROWS * share) - sum(map(len, blocks))
    blocks += [[""] * min(_PER_PATIENT, rest - start) for start in range(0, rest, _PER_PATIENT)]
    order = generator(SEED, "order").permutation(len(blocks))
    return [split for at in order for split in blocks[at]]


def _published_splits(labels: Path) -> list[str]:
    """Return the split of every row in LesaNet's files, empty for none."""
    splits = [""] * ROWS
    mined = read_mined(labels / "text_mined_labels_171_and_split.json")
    for split in MINED_SPLITS:
        for row in mined[f"{split}_lesion_idxs"]:
            splits[row] = split
    for item in read_hand(labels / "hand_labeled_test_set.json"):
        splits[item["lesion_idx"]] = "hand"
    return splits


def _patients(splits: Sequence[str]) -> list[tuple[int, str, int]]:
    """Return each patient's number, split and count of lesions: one patient, one split.

    Rows that no split uses belong to the patient of the row before.
    """
    patients: list[tuple[int, str, int]] = []
    known = accumulate(splits, lambda before, split: split or before)
    for split, rows in groupby(known):
        left = len(list(rows))
        while left:
            patients.append((len(patients) + 1, split, min(left, _PER_PATIENT)))
            left -= patients[-1][2]
    return patients


def _draw_patient(index: int, split: str, lesions: int) -> list[DrawnRow]:
    rng = generator(SEED, "patient", index)
    patient = random_patient(rng)
    planned = PlannedPatient(index, split or "train", lesions, SEED, _MATRIX)
    found: list[DrawnRow] = []
    while len(found) < lesions:
        scanner = Scanner(_MATRIX, float(rng.uniform(400, 490)), float(rng.uniform(8, 30)))
        lesion = grow_lesion(patient, scanner, rng)
        if lesion is None:
            continue
        step, key = float(rng.choice(list(_REACH))), int(rng.integers(20, 300))
        name, reach = f"{index:06d}_01_{len(found) + 1:02d}", _REACH[step]
        slices = {}
        box = None
        for offset in range(-reach, reach + 1):
            shown = render(patient, lesion.u_mm + offset * step, scanner, rng, (lesion.shape,))
            slices[f"Images_png/{name}/{key + offset:03d}.png"] = png_bytes(shown.hu)
            box = box if offset else bounding_box(shown, patient, 0)
        if box is not None:
            row = info_row(planned, patient, scanner, lesion, box, name, key, reach, step)
            found.append(DrawnRow(row, lesion.terms, slices))
    return found


def _write_zip(path: Path, lesions: Sequence[DrawnRow]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for lesion in lesions:
            for name, content in lesion.slices.items():
                archive.writestr(zipfile.ZipInfo(name), content)


def _write_labels(folder: Path, splits: Sequence[str], terms: Sequence[frozenset[str]]) -> None:
    """Write label files that mention all labels."""
    labeled = list(zip(splits, terms, strict=True))
    write_label_files(folder, labeled, 0, 0, 0, generator(SEED, "labels"))
    for published, drawn in LABEL_FILES.items():
        (folder / drawn).rename(folder / published)


def _flag_surplus(
    folder: Path, rows: Sequence[dict[str, Any]], wanted: Mapping[str, int]
) -> None:  # fmt: skip
    """Call so many lesions noisy that the paper's counts come out: who is, is DeepLesion's."""
    mined, hand, ontology = (folder / name for name in LABEL_FILES)
    tables = load_labels(mined, hand, ontology)
    for split, table in tables.items():
        others = [t.lesion_index for name, t in tables.items() if name != split]
        lesions = np.setdiff1d(table.lesion_index, np.concatenate(others))
        surplus = len(table) - wanted[split]
        for place in np.linspace(0, len(lesions) - 1, max(surplus, 0)).astype(int):
            rows[int(lesions[place])]["Possibly_noisy"] = 1


def _write_sources(folder: Path) -> None:
    def listed() -> Iterator[dict[str, object]]:
        for path in sorted(folder.iterdir()):
            digest = file_digest(path, "md5")
            yield {"file": path.name, "url": "", "algorithm": "md5", "digest": digest}

    write_rows(folder / SOURCES, ("file", "url", "algorithm", "digest"), list(listed()))
