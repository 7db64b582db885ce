import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

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


def test_rows_may_end_before_their_empty_cells(tmp_path: Path) -> None:
    """As openpyxl's write_only mode and other programs write them."""
    workbook = Workbook(write_only=True)
    active = workbook.create_sheet()
    active.append(HEADER)
    active.append([1, "bodypart", "chest", "", 0, "abdomen"])
    active.append([2, "bodypart", "abdomen"])
    active.append([])
    active.append([3, "bodypart", "lung", "", 0, None, "chest", None, "a remark"])
    workbook.save(tmp_path / "o.xlsx")
    terms = load_terms(tmp_path / "o.xlsx")
    assert list(terms) == ["chest", "abdomen", "lung"]
    assert terms["chest"].exclusive == ("abdomen",)
    assert terms["lung"].parents == ("chest",)


def changed(sheet: Path, name: str, edit: Callable[[bytes], bytes]) -> Path:
    """Write the workbook with one of its files changed."""
    with ZipFile(sheet) as source:
        parts = {member: source.read(member) for member in source.namelist()}
    with ZipFile(sheet, "w", ZIP_DEFLATED) as target:
        for member, content in parts.items():
            target.writestr(member, edit(content) if member == name else content)
    return sheet


SHEET = "xl/worksheets/sheet1.xml"


def test_a_size_that_is_not_true_is_not_believed(sheet: Path) -> None:
    changed(sheet, SHEET, lambda xml: xml.replace(b'ref="A1:G7"', b'ref="A1:XFD1048576"'))
    with ZipFile(sheet) as source:
        assert b"XFD1048576" in source.read(SHEET)
    assert len(load_terms(sheet)) == 6


def test_a_sheet_that_unpacks_to_far_too_much_is_refused(sheet: Path) -> None:
    changed(sheet, SHEET, lambda xml: xml + b" " * (300 << 20))
    assert sheet.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="would unpack to 314,"):
        load_terms(sheet)


@pytest.mark.parametrize(
    ("row", "words"),
    [([7, "bodypart", "chest", "", 0, None, None], "has two rows for the term 'chest'"),
     ([7, "organ", "x", "", 0, None, None], "the unknown class 'organ'"),
     ([7, None, "x", "", 0, None, None], "the unknown class 'None'")],
)  # fmt: skip
def test_a_row_that_says_something_else_is_named(sheet: Path, row: list[Any], words: str) -> None:
    workbook = load_workbook(sheet)
    workbook.active.append(row)
    workbook.save(sheet)
    with pytest.raises(InputError, match=words):
        load_terms(sheet)


def test_a_damaged_workbook_is_refused_or_read_right(sheet: Path) -> None:
    """Each of 150 changes; before, one of six ended in an error of the parser's own."""
    whole, terms, draw = sheet.read_bytes(), load_terms(sheet), random.Random(0)
    with ZipFile(sheet) as source:
        parts = source.namelist()
    for number in range(150):
        sheet.write_bytes(whole)
        if number % 3 == 0:
            sheet.write_bytes(whole[: draw.randrange(len(whole))])
        elif number % 3 == 1:
            content = bytearray(whole)
            content[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
            sheet.write_bytes(content)
        else:  # an archive that is whole, of a part that is not
            changed(sheet, draw.choice(parts), lambda xml: xml[: draw.randrange(len(xml))])
        try:
            found = load_terms(sheet)
        except InputError:
            continue
        assert number % 3 == 2 or found == terms


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
