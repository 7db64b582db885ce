import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from maknet.data.deeplesion.info import load_info
from maknet.errors import InputError
from maknet.files import read_rows, write_rows
from maknet.phantom.label_files import HAND, ONTOLOGY, TEXT_MINED
from scripts.build_labels import main


@pytest.fixture
def files(phantom_lesions: Path, tmp_path: Path) -> dict[str, Path]:
    """Label files of the phantom, with a patient of `train` renamed to one of `val`."""
    names = {"text_mined": TEXT_MINED, "hand": HAND, "ontology": ONTOLOGY, "dl_info": "DL_info.csv"}
    copies = {key: tmp_path / name for key, name in names.items()}
    for key, path in copies.items():
        path.write_bytes((phantom_lesions / names[key]).read_bytes())
    rows, mined = read_rows(copies["dl_info"]), json.loads(copies["text_mined"].read_text())
    val_patient = rows[mined["val_lesion_idxs"][0]]["Patient_index"]
    for lesion in mined["train_lesion_idxs"]:
        rows[lesion]["Patient_index"] = val_patient
    write_rows(copies["dl_info"], list(rows[0]), rows)
    return copies


def build(
    files: Mapping[str, Path], folder: Path, expected: Mapping[str, int] | None = None,
    shared: Sequence[int] | None = (),
) -> None:  # fmt: skip
    names = ("train", "val", "test", "hand", "relations", "counts")
    main(files, {name: folder / name for name in names}, ["bodypart"], expected, shared)


def test_a_shared_patient_ends_in_a_sentence_and_no_table(
    files: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="is in both 'train' and 'val'; split by patient, or name"):
        build(files, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_listed_patient_and_the_published_split_are_accepted(
    files: dict[str, Path], tmp_path: Path
) -> None:
    mined = json.loads(files["text_mined"].read_text())
    patient = load_info(files["dl_info"])[mined["val_lesion_idxs"][0]].patient
    build(files, tmp_path / "listed", shared=[patient])
    build(files, tmp_path / "published", shared=None)
    assert (tmp_path / "listed/train").read_bytes() == (tmp_path / "published/train").read_bytes()


def test_other_counts_than_expected_end_in_a_sentence(
    files: dict[str, Path], tmp_path: Path
) -> None:
    expected = {"train": 17_697, "val": 1_686, "test": 1_638, "hand": 490}
    with pytest.raises(InputError, match="not train 17,697, val 1,686, test 1,638, hand 490; put"):
        build(files, tmp_path / "out", expected, None)
