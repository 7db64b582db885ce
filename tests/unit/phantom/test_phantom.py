"""The phantom: valid, deterministic, cleanly split, and as hard as it claims."""

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from maknet.data.deeplesion.info import load_info
from maknet.data.labels.label_table import load_labels
from maknet.files import read_json, read_rows, sha256
from maknet.phantom.anatomy import random_patient
from maknet.phantom.archive import LABELED, NUISANCES, planned_archive, write_series
from maknet.phantom.deeplesion import (
    COLUMNS,
    LabelNoise,
    labeled_patient,
    planned_patients,
    write_deeplesion,
)
from maknet.phantom.label_files import HAND, ONTOLOGY, TEXT_MINED
from maknet.phantom.render import Scanner, render
from maknet.phantom.terms import BODY_PART_PARENTS, EXCLUSIVE, LESION_SITES, PARENTS


def digests(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): sha256(p) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.skipif(not shutil.which("dciodvfy"), reason="dciodvfy (dicom3tools) is not installed")
def test_the_validator_finds_no_error(phantom_archive: dict[str, Path]) -> None:
    for kind, folder in phantom_archive.items():
        for path in sorted(folder.iterdir())[:2]:
            done = subprocess.run(["dciodvfy", path], capture_output=True, text=True, check=False)
            errors = [line for line in done.stderr.splitlines() if line.startswith("Error")]
            assert not errors, (kind, errors)
            assert "CTImage" in done.stderr


def test_the_archive_has_the_asked_nuisances() -> None:
    asked = {kind: number for number, kind in enumerate(NUISANCES)}
    archive = planned_archive(1, 10, asked)
    assert Counter(s.kind for s in archive) == Counter(clean=10) + Counter(asked)
    assert len({s.series_uid for s in archive}) == len(archive)
    assert archive == planned_archive(1, 10, asked)
    with pytest.raises(ValueError, match="unknown nuisance 'scoutt'"):
        planned_archive(1, 1, {"scoutt": 1})


def test_series_of_test_patients_stand_behind_the_others() -> None:
    patients = planned_patients(5, {"train": 4, "val": 2, "test": 3, "hand": 2}, 2, 64)
    tested = [patient for patient in patients if patient.split == "test"]
    archive = planned_archive(5, 4, {"rle": 1, LABELED: 2}, tested)
    assert archive[:5] == planned_archive(5, 4, {"rle": 1})
    assert [series.labeled for series in archive[5:]] == tested[:2]
    assert len({series.patient_id for series in archive[5:]}) == 2
    with pytest.raises(ValueError, match="4 series of labeled patients, but 3 are tested"):
        planned_archive(5, 4, {LABELED: 4}, tested)


def test_a_labeled_patient_is_the_folders(phantom_lesions: Path) -> None:
    planned = planned_patients(3, {"train": 8, "val": 4, "test": 4, "hand": 4}, 2, 64)[0]
    patient, lesions = labeled_patient(planned)
    rows = [r for r in read_rows(phantom_lesions / "DL_info.csv") if r["Patient_index"] == "1"]
    assert len(lesions) == len(rows) == 2
    assert {row["Patient_gender"] for row in rows} == {"F" if patient.female else "M"}


def test_series_do_not_depend_on_when_they_are_drawn(
    phantom_archive: dict[str, Path], tmp_path: Path
) -> None:
    archive = planned_archive(5, 4, dict.fromkeys(NUISANCES, 1))
    planned = next(s for s in archive if s.kind == "rle")
    write_series(planned, tmp_path / "again", 64)
    assert digests(tmp_path / "again") == digests(phantom_archive["rle"])


def test_the_folder_is_deterministic_for_any_number_of_workers(
    phantom_lesions: Path, tmp_path: Path
) -> None:
    patients = {"train": 8, "val": 4, "test": 4, "hand": 4}
    write_deeplesion(tmp_path, 3, patients, 2, 64, LabelNoise(noisy=0.1), workers=2)
    assert digests(tmp_path) == digests(phantom_lesions)


def test_another_seed_draws_another_folder(phantom_lesions: Path, tmp_path: Path) -> None:
    write_deeplesion(tmp_path, 4, dict.fromkeys(("train", "val", "test", "hand"), 1), 1, 64,
                     LabelNoise())  # fmt: skip
    shared = set(digests(tmp_path).values()) & set(digests(phantom_lesions).values())
    assert shared == {sha256(phantom_lesions / ONTOLOGY)}


def test_the_table_is_deeplesions(phantom_lesions: Path) -> None:
    rows = read_rows(phantom_lesions / "DL_info.csv")
    assert tuple(rows[0]) == COLUMNS
    assert len(COLUMNS) == 18
    assert len(rows) == 40
    for row in rows:
        x1, y1, x2, y2 = map(float, row["Bounding_boxes"].split(","))
        assert x1 < x2
        assert y1 < y2
        assert len(row["Measurement_coordinates"].split(",")) == 8


def test_key_slices_exist_and_are_16_bit(phantom_lesions: Path) -> None:
    from maknet.data.deeplesion.slices import lesion_slices

    for lesion in load_info(phantom_lesions / "DL_info.csv"):
        hu, _ = lesion_slices(phantom_lesions / "Images_png", lesion)
        assert hu.shape == (3, 64, 64)
        assert hu.min() >= -1024


def test_no_patient_is_in_two_splits(phantom_lesions: Path) -> None:
    info = load_info(phantom_lesions / "DL_info.csv")
    tables = load_labels(phantom_lesions / TEXT_MINED, phantom_lesions / HAND,
                         phantom_lesions / ONTOLOGY)  # fmt: skip
    seen = [{info[i].patient for i in table.lesion_index} for table in tables.values()]
    assert sum(map(len, seen)) == len(set.union(*seen))


def test_text_mined_labels_are_incomplete_and_hand_labels_whole(phantom_lesions: Path) -> None:
    names = read_json(phantom_lesions / TEXT_MINED)["term_list"]
    assert sum(name in BODY_PART_PARENTS for name in names) >= 24
    for item in read_json(phantom_lesions / HAND):
        terms = set(item["expanded_terms"])
        assert all(set(PARENTS[term]) <= terms for term in terms)
    tables = load_labels(phantom_lesions / TEXT_MINED, phantom_lesions / HAND,
                         phantom_lesions / ONTOLOGY)  # fmt: skip
    assert tables["train"].positive.sum(1).mean() < tables["hand"].positive.sum(1).mean()
    assert not tables["val"].known.all()
    assert tables["hand"].known.all()


def test_relations_name_known_terms() -> None:
    for term, others in {**PARENTS, **EXCLUSIVE}.items():
        assert {term, *others} <= set(PARENTS)
    assert set(LESION_SITES) <= {*BODY_PART_PARENTS}


def test_arms_contrast_and_sex_vary() -> None:
    patients = [random_patient(np.random.default_rng(seed)) for seed in range(40)]
    assert {p.arms_down for p in patients} == {p.female for p in patients} == {True, False}
    assert min(p.contrast for p in patients) == 0 < max(p.contrast for p in patients)


def test_organs_lie_where_they_belong() -> None:
    generator = np.random.default_rng(1)
    patient = random_patient(generator)
    scanner = Scanner(128, 420, 10)
    organs = {}
    for level in (90, 460, 612, 705, 890):
        owner = render(patient, level * patient.length, scanner, generator).owner
        organs[level] = {patient.shapes[n - 1].organ for n in np.unique(owner) if n}
    assert "brain" in organs[90]
    assert {"left lung", "right lung", "mediastinum", "rib"} <= organs[460]
    assert {"liver", "spleen"} <= organs[612]
    assert {"left kidney", "right kidney", "lumbar"} <= organs[705]
    assert "urinary bladder" in organs[890]


def test_left_is_on_the_right_of_the_picture() -> None:
    generator = np.random.default_rng(2)
    patient = random_patient(generator)
    owner = render(patient, 460 * patient.length, Scanner(128, 420, 10), generator).owner
    columns = {}
    for organ in ("left lung", "right lung"):
        numbers = [n for n, shape in enumerate(patient.shapes, 1) if shape.organ == organ]
        columns[organ] = np.nonzero(np.isin(owner, numbers))[1].mean()
    assert columns["right lung"] < columns["left lung"]
