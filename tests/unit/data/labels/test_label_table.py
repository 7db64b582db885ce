import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maknet.data.labels.label_table import LabelTable, load_labels, load_table, save_table
from maknet.errors import InputError
from maknet.phantom.label_files import HAND, ONTOLOGY, TEXT_MINED


@pytest.fixture
def files(phantom_lesions: Path, tmp_path: Path) -> dict[str, Path]:
    """Label files of the phantom that a test may spoil."""
    copies = {}
    for key, name in (("text_mined", TEXT_MINED), ("hand", HAND), ("ontology", ONTOLOGY),
                      ("dl_info", "DL_info.csv")):  # fmt: skip
        copies[key] = tmp_path / name
        copies[key].write_bytes((phantom_lesions / name).read_bytes())
    return copies


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_all_splits_share_names_and_have_a_label_each(files: dict[str, Path]) -> None:
    tables = load_labels(**files)
    assert list(tables) == ["train", "val", "test", "hand"]
    for table in tables.values():
        assert table.names == tables["train"].names
        assert table.positive.any(1).all()
        assert len(np.unique(table.lesion_index)) == len(table)


def test_training_takes_uncertain_labels_and_tests_mask_them(files: dict[str, Path]) -> None:
    names = ["chest", "lung", "abdomen", "liver"]
    lists: dict[str, Any] = {}
    for number, split in enumerate(("train", "val", "test")):
        lists[f"{split}_lesion_idxs"] = [900 + 2 * number, 901 + 2 * number]
        lists[f"{split}_relevant_labels"] = [[0], [2]]
        lists[f"{split}_uncertain_labels"] = [[1], [1]]
    files["text_mined"].write_text(json.dumps({"term_list": names, **lists}))
    tables = load_labels(files["text_mined"], files["hand"], files["ontology"])
    assert tables["train"].positive[0].tolist() == [True, True, False, False]
    # Lesion 0: "lung" is uncertain and so unknown; its parent is relevant and so known.
    assert tables["val"].known[0].tolist() == [True, False, True, True]
    # Lesion 1: relevant "abdomen" excludes "chest" and "lung", so their absence is certain.
    assert tables["val"].known[1].all()


def test_lesions_flagged_noisy_are_dropped(files: dict[str, Path]) -> None:
    with_flag = load_labels(**files)
    without = load_labels(files["text_mined"], files["hand"], files["ontology"])
    dropped = sum(map(len, without.values())) - sum(map(len, with_flag.values()))
    assert dropped == sum(',1,"' in line for line in files["dl_info"].read_text().splitlines())
    assert dropped > 0


def test_a_noisy_flag_that_pandas_wrote_counts_and_another_word_is_refused(
    files: dict[str, Path],
) -> None:
    before = {split: len(table) for split, table in load_labels(**files).items()}
    text = files["dl_info"].read_text()
    files["dl_info"].write_text(text.replace(',1,"', ',1.0,"').replace(',0,"', ',0.0,"'))
    assert {split: len(table) for split, table in load_labels(**files).items()} == before
    files["dl_info"].write_text(text.replace(',1,"', ',yes,"'))
    with pytest.raises(InputError, match=r"line \d+: 'Possibly_noisy' is 'yes'; write 1"):
        load_labels(**files)


def test_classes_choose_the_labels(files: dict[str, Path]) -> None:
    parts = load_labels(**files)["hand"]
    kinds = load_labels(**files, classes=("type", "attribute"))["hand"]
    assert not set(parts.names) & set(kinds.names)
    both = load_labels(**files, classes=("bodypart", "type", "attribute"))["hand"]
    assert set(both.names) == set(parts.names) | set(kinds.names)


def test_ids_beyond_the_table_are_named(files: dict[str, Path]) -> None:
    mined = json.loads(files["text_mined"].read_text())
    mined["train_lesion_idxs"][0] = 10**6
    files["text_mined"].write_text(json.dumps(mined))
    with pytest.raises(InputError, match=r"names lesion 1000000, but .*DL_info\.csv has only"):
        load_labels(**files)


def test_label_ids_beyond_the_terms_are_named(files: dict[str, Path]) -> None:
    mined = json.loads(files["text_mined"].read_text())
    mined["val_relevant_labels"][0] = [999]
    files["text_mined"].write_text(json.dumps(mined))
    with pytest.raises(InputError, match="lesion 0 of 'val' has the label id 999"):
        load_labels(**files)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"term_list": None}, "has no list 'term_list'"),
        ({"val_lesion_idxs": []}, "lists of 'val' differ in length"),
        ({"term_list": ["chest", "nowhere"]}, "has no term 'nowhere'"),
        ({"term_list": ["chest", {"a": 1}]}, "something other than names"),
        ({"term_list": ["chest", "chest"]}, "names a term twice"),
        (
            {"val_lesion_idxs": ["7"], "val_relevant_labels": [[0]], "val_uncertain_labels": [[]]},
            "'7' is not a lesion id",
        ),
        (
            {"val_lesion_idxs": [1.5], "val_relevant_labels": [[0]], "val_uncertain_labels": [[]]},
            "1.5 is not a lesion id",
        ),
        (
            {
                "val_lesion_idxs": [7, 7],
                "val_relevant_labels": [[0], [1]],
                "val_uncertain_labels": [[], []],
            },
            "lists a lesion twice",
        ),
        (
            {"val_lesion_idxs": [7], "val_relevant_labels": [None], "val_uncertain_labels": [[]]},
            "has no list of labels",
        ),
        (
            {"val_lesion_idxs": [], "val_relevant_labels": [], "val_uncertain_labels": []},
            "No lesion of the split 'val'",
        ),
    ],
)
def test_other_files_are_refused(
    files: dict[str, Path], values: dict[str, Any], words: str
) -> None:
    change(files["text_mined"], **values)
    with pytest.raises(InputError, match=words):
        load_labels(**files)


def test_a_lesion_that_is_learned_and_tested_is_refused(files: dict[str, Path]) -> None:
    mined = json.loads(files["text_mined"].read_text())
    for part in ("lesion_idxs", "relevant_labels", "uncertain_labels"):
        mined[f"test_{part}"].append(mined[f"train_{part}"][0])
    files["text_mined"].write_text(json.dumps(mined))
    with pytest.raises(InputError, match=r"lesion \d+ of 'test' is in 'train' as well"):
        load_labels(files["text_mined"], files["hand"], files["ontology"])


def test_a_hand_labeled_lesion_that_is_learned_is_refused(files: dict[str, Path]) -> None:
    mined, hand = (json.loads(files[key].read_text()) for key in ("text_mined", "hand"))
    hand[0]["lesion_idx"] = mined["val_lesion_idxs"][0]
    files["hand"].write_text(json.dumps(hand))
    with pytest.raises(InputError, match=r"hand\S+json: lesion \d+ of 'hand' is in 'val' as well"):
        load_labels(files["text_mined"], files["hand"], files["ontology"])


@pytest.mark.parametrize("pair", [("val", "test"), ("train", "val"), ("train", "test")])
def test_no_two_text_mined_splits_share_a_lesion(
    files: dict[str, Path], pair: tuple[str, str]
) -> None:
    mined = json.loads(files["text_mined"].read_text())
    for part in ("lesion_idxs", "relevant_labels", "uncertain_labels"):
        mined[f"{pair[1]}_{part}"].append(mined[f"{pair[0]}_{part}"][0])
    files["text_mined"].write_text(json.dumps(mined))
    with pytest.raises(InputError, match=f"of '{pair[1]}' is in '{pair[0]}' as well"):
        load_labels(files["text_mined"], files["hand"], files["ontology"])


@pytest.mark.parametrize(
    ("text", "words"),
    [('{"a": 1}', "is not a list of lesions"), ('"ab"', "is not a list of lesions"),
     ('[{"lesion_idx": 1, "expanded_terms": [1]}]', "is not a list of lesions"),
     ('[{"lesion_idx": 1, "expanded_terms": [[]]}]', "is not a list of lesions"),
     ('[{"lesion_idx": 1, "expanded_terms": {}}]', "is not a list of lesions"),
     ('[{"lesion_idx": 1e400, "expanded_terms": []}]', "inf is not a lesion id"),
     ('[{"lesion_idx": true, "expanded_terms": []}]', "True is not a lesion id"),
     ('[{"expanded_terms": []}]', "None is not a lesion id"),
     ('[{"lesion_idx": NaN, "expanded_terms": []}]', "is not JSON .it holds NaN"),
     ('[{"lesion_idx": 1, "lesion_idx": 2}]', "a key occurs twice"),
     ("9" * 5000, "is not JSON"), ("[" * 100_000, "is not JSON .maximum recursion"),
     ("", "is not JSON"), ("\0", "is not JSON")],
    ids=range(14),
)  # fmt: skip
@pytest.mark.parametrize("key", ["hand", "text_mined"])
def test_a_file_of_another_layout_is_refused(
    files: dict[str, Path], key: str, text: str, words: str
) -> None:
    files[key].write_text(text)
    if key == "text_mined" and "JSON" not in words and "twice" not in words:
        words = "has no list 'term_list'"
    with pytest.raises(InputError, match=words) as caught:
        load_labels(**files)
    assert len(str(caught.value)) < 400


def test_tables_survive_a_round_trip_with_equal_bytes(
    files: dict[str, Path], tmp_path: Path
) -> None:
    table = load_labels(**files)["train"]
    save_table(tmp_path / "a.npz", table)
    again = load_table(tmp_path / "a.npz")
    assert again.names == table.names
    for name in ("lesion_index", "positive", "known"):
        assert np.array_equal(getattr(again, name), getattr(table, name))
    save_table(tmp_path / "b.npz", again)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_other_arrays_are_no_table(tmp_path: Path) -> None:
    from maknet.data.arrays import save_arrays

    save_arrays(tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"a\.npz has no array 'known'"):
        load_table(tmp_path / "a.npz")
    one = np.ones((1, 1), bool)
    save_arrays(tmp_path / "a.npz", names=np.array(["a"]), lesion_index=np.arange(2),
                positive=one, known=one)  # fmt: skip
    with pytest.raises(InputError, match="is not a table of labels"):
        load_table(tmp_path / "a.npz")


def test_shapes_are_held_together() -> None:
    with pytest.raises(ValueError, match="labels are"):
        LabelTable(("a",), np.arange(2), np.ones((2, 2), bool), np.ones((2, 2), bool))
