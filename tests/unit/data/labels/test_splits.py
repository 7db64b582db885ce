import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from maknet.data.deeplesion.info import load_info
from maknet.data.labels.label_table import lesion_indices, load_labels
from maknet.data.labels.splits import (
    OVERLAP_COLUMNS,
    check_counts,
    check_lesions,
    check_patients,
    count_overlap,
)
from maknet.errors import InputError

FILES = {"train": "mined.json", "val": "mined.json", "test": "mined.json", "hand": "hand.json"}
ALL_CLASSES = ("bodypart", "type", "attribute")


def lesions(
    train: Sequence[int] = (0, 1), val: Sequence[int] = (2, 3), test: Sequence[int] = (4, 5),
    hand: Sequence[int] = (5, 6),
) -> dict[str, NDArray[np.int64]]:  # fmt: skip
    """Lesions of four splits; the test sets share lesion 5."""
    splits = {"train": train, "val": val, "test": test, "hand": hand}
    return {split: np.array(rows, np.int64) for split, rows in splits.items()}


def test_only_the_test_sets_may_share_lesions() -> None:
    check_lesions(lesions(), FILES)


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (lesions(val=(1, 2)), r"mined\.json: lesion 1 of 'val' is in 'train' as well \(1 in all\)"),
        (lesions(test=(0, 1)), r"mined\.json: lesion 0 of 'test' is in 'train' as well \(2 in"),
        (lesions(test=(3, 5)), r"mined\.json: lesion 3 of 'test' is in 'val' as well"),
        (lesions(hand=(1, 5)), r"hand\.json: lesion 1 of 'hand' is in 'train' as well"),
        (lesions(hand=(2, 5)), r"hand\.json: lesion 2 of 'hand' is in 'val' as well"),
    ],
)
def test_every_other_pair_is_refused(splits: dict[str, NDArray[np.int64]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        check_lesions(splits, FILES)


@pytest.mark.parametrize(
    ("patients", "words"),
    [
        ([7, 8, 8, 9, 4, 5, 6], "patient 8 is in both 'train' and 'val'"),
        ([7, 8, 8, 7, 4, 5, 6], "patients 7, 8 are in both 'train' and 'val'"),
        ([7, 8, 2, 3, 7, 5, 6], "patient 7 is in both 'train' and 'test'"),
        ([7, 8, 2, 3, 4, 5, 8], "patient 8 is in both 'train' and 'hand'"),
        ([7, 8, 2, 3, 4, 5, 3], "patient 3 is in both 'val' and 'hand'"),
    ],
)
def test_a_patient_of_two_splits_is_named_with_the_key(patients: list[int], words: str) -> None:
    with pytest.raises(InputError, match=f"{words}; split by patient, .*labeled.shared_patients"):
        check_patients(lesions(), patients, [], "DL_info.csv")


def test_listed_patients_and_any_are_accepted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    patients = [7, 8, 8, 7, 4, 5, 6]
    for allowed in ([7, 8], None):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "maknet"):
            check_patients(lesions(), patients, allowed, "DL_info.csv")
        assert caplog.messages == ["train and val share patients: 7, 8"]
    with pytest.raises(InputError, match="patient 8 is in both"):
        check_patients(lesions(), patients, [7], "DL_info.csv")


def test_many_patients_are_cut_short() -> None:
    splits = lesions(train=range(30), val=range(30, 60), test=[60], hand=[60])
    patients = [*range(30), *range(30), 60]
    with pytest.raises(InputError, match=r"patients 0, 1, .*, 19 and 10 more are in both"):
        check_patients(splits, patients, [], "DL_info.csv")


def test_the_table_counts_lesions_slices_and_patients() -> None:
    patients = [1, 2, 2, 3, 4, 4, 5]
    slices = ["a", "b", "b", "c", "d", "e", "f"]
    rows = count_overlap(lesions(), patients, slices)
    assert all({"dataset", "labels", *row} == set(OVERLAP_COLUMNS) for row in rows)
    pairs = {(row["first"], row["second"]): row for row in rows}
    assert len(pairs) == 6
    train_val = pairs["train", "val"]
    assert [train_val[f"shared_{what}"] for what in ("lesions", "slices", "patients")] == [0, 1, 1]
    assert train_val["patients"] == "2"
    assert (train_val["first_patients"], train_val["second_patients"]) == (2, 2)
    tests = pairs["test", "hand"]
    assert [tests[f"shared_{what}"] for what in ("lesions", "slices", "patients")] == [1, 1, 1]
    assert tests["patients"] == ""  # they overlap as published
    assert pairs["train", "test"]["shared_patients"] == 0


def test_counts_are_held_against_those_expected() -> None:
    expected = {"train": 2, "val": 2, "test": 2, "hand": 2}
    check_counts(lesions(), expected)
    check_counts(lesions(), None)
    with pytest.raises(
        InputError, match=r"expect_counts: the splits have train 2, .*not train 17,"
    ):
        check_counts(lesions(), expected | {"train": 17_697})


@pytest.mark.real
def test_the_published_splits_overlap_in_the_test_sets_alone(real_data: Path) -> None:
    """210 of 490 hand-labeled lesions are in the text-mined test set; 224 of 500 for LesaNet."""
    labels = real_data / "labels"
    files = [labels / name for name in ("text_mined_labels_171_and_split.json",
             "hand_labeled_test_set.json", "lesion_ontology_181022.xlsx")]  # fmt: skip
    rows = range(32_735)
    for classes, shared, hand in ((ALL_CLASSES[:1], 210, 490), (ALL_CLASSES, 224, 500)):
        counted = count_overlap(lesion_indices(load_labels(*files, classes=classes)), rows, rows)
        found = {(row["first"], row["second"]): row["shared_lesions"] for row in counted}
        assert found.pop(("test", "hand")) == shared
        assert set(found.values()) == {0}
        assert counted[-1]["second_lesions"] == hand


@pytest.mark.real
def test_without_the_noisy_flag_the_papers_counts_are_missed(real_data: Path) -> None:
    labels = real_data / "labels"
    tables = load_labels(
        labels / "text_mined_labels_171_and_split.json", labels / "hand_labeled_test_set.json",
        labels / "lesion_ontology_181022.xlsx",
    )  # fmt: skip
    expected = {"train": 17_697, "val": 1_686, "test": 1_638, "hand": 490}
    with pytest.raises(InputError, match="have train 17,705, val 1,686, test 1,640, hand 490 les"):
        check_counts(lesion_indices(tables), expected)


@pytest.mark.real
def test_a_patient_of_the_real_table_in_two_splits_is_refused(real_data: Path) -> None:
    """Rows 6 and 7 of the real sample are lesions of patient 126, rows 1 and 2 of patient 47."""
    info = load_info(real_data / "deeplesion/DL_info.csv")
    patients = [lesion.patient for lesion in info]
    together = lesions(train=[6], val=[13], test=[1, 8], hand=[2])
    check_patients(together, patients, [], "DL_info.csv")
    with pytest.raises(InputError, match="patient 126 is in both 'train' and 'val'"):
        check_patients(together | {"val": np.array([7])}, patients, [], "DL_info.csv")
