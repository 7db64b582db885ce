from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from maknet.data.labels.ontology import load_ontology, load_terms, propagate_exclusions
from maknet.errors import InputError

HEADER = ["id", "class", "term", "synonyms", "num_detected", "term_exclusive", "term_parents"]


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    workbook = Workbook()
    active = workbook.active
    assert active is not None
    rows = [
        HEADER,
        [1, "bodypart", "chest", "", 0, "abdomen | head", None],
        [2, "bodypart", "abdomen", "", 0, None, None],
        [3, "bodypart", "lung", "", 0, None, "chest"],
        [4, "bodypart", "liver", "", 0, "spleen", "abdomen | unlisted"],
        [5, "bodypart", "spleen", "", 0, None, "abdomen"],
        [6, "type", "nodule", "", 0, None, None],
    ]
    for row in rows:
        active.append(row)
    workbook.save(tmp_path / "ontology.xlsx")
    return tmp_path / "ontology.xlsx"


NAMES = ["lung", "chest", "abdomen", "liver", "spleen", "nodule"]


def test_parents_and_categories(sheet: Path) -> None:
    ontology = load_ontology(sheet, NAMES)
    assert ontology.parents == [[1], [], [], [2], [2], []]
    assert ontology.categories[-1] == "type"


def test_exclusions_reach_the_children_both_ways(sheet: Path) -> None:
    exclusive = load_ontology(sheet, NAMES).exclusive
    pairs = {(NAMES[i], NAMES[j]) for i, j in np.argwhere(np.triu(exclusive))}
    assert pairs == {
        ("lung", "abdomen"), ("lung", "liver"), ("lung", "spleen"), ("chest", "abdomen"),
        ("chest", "liver"), ("chest", "spleen"), ("liver", "spleen"),
    }  # fmt: skip


def test_a_label_without_a_term_is_named(sheet: Path) -> None:
    with pytest.raises(InputError, match=r"ontology\.xlsx has no term 'femur'"):
        load_ontology(sheet, ["lung", "femur"])


def test_a_file_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    (tmp_path / "o.xlsx").write_text("no")
    with pytest.raises(InputError, match="is not an xlsx workbook"):
        load_terms(tmp_path / "o.xlsx")


def test_a_sheet_without_a_column_is_named(tmp_path: Path) -> None:
    workbook = Workbook()
    assert workbook.active is not None
    workbook.active.append(["id", "term"])
    workbook.save(tmp_path / "o.xlsx")
    with pytest.raises(InputError, match="has no column 'class'"):
        load_terms(tmp_path / "o.xlsx")


@given(st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_propagation_is_symmetric_irreflexive_and_closed(labels: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    direct = generator.random((labels, labels)) < 0.2
    np.fill_diagonal(direct, False)
    parents = [[p for p in range(child) if generator.random() < 0.3] for child in range(labels)]
    closed = propagate_exclusions(direct, parents)
    assert np.array_equal(closed, closed.T)
    assert not closed.diagonal().any()
    for child, above in enumerate(parents):
        for parent in above:
            inherited = closed[parent].copy()
            inherited[child] = False
            assert (closed[child] >= inherited).all()
    off_diagonal = ~np.eye(labels, dtype=bool)
    assert (closed >= (direct | direct.T) & off_diagonal).all()
