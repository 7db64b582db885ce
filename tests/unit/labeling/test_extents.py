"""From slices to labels and extents, on series whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.labeling.body_parts import EXPECTED, check_header
from maknet.labeling.extents import MAX_GAP_MM, decide_labels, find_extents

NAMES = ["chest", "abdomen", "lung", "left lung", "liver"]
PARENTS = [[], [], [0], [2], [1]]  # left lung lists lung alone: the lists are not transitive
EXCLUSIVE = np.zeros((5, 5), bool)
EXCLUSIVE[0, 1] = EXCLUSIVE[1, 0] = EXCLUSIVE[2, 4] = EXCLUSIVE[4, 2] = True


def labels(*probabilities: float, threshold: float = 0.5) -> set[str]:
    held = decide_labels(np.array([probabilities]), threshold, EXCLUSIVE, PARENTS)
    return {NAMES[i] for i in np.flatnonzero(held[0])}


def test_a_label_brings_all_that_contains_it() -> None:
    assert labels(0.1, 0.1, 0.1, 0.6, 0.1) == {"left lung", "lung", "chest"}


def test_of_two_that_exclude_each_other_the_likelier_one_stays() -> None:
    assert labels(0.8, 0.7, 0.1, 0.1, 0.1) == {"chest"}
    assert labels(0.7, 0.8, 0.1, 0.1, 0.1) == {"abdomen"}


def test_a_parent_that_is_excluded_is_not_brought_back() -> None:
    """Lung's chest would exclude the abdomen, which is likelier."""
    assert labels(0.1, 0.9, 0.6, 0.1, 0.1) == {"abdomen", "lung"}


def test_a_slice_without_a_body_has_no_label() -> None:
    assert labels(*[np.nan] * 5) == set()


def test_a_label_with_the_threshold_one_never_holds() -> None:
    held = decide_labels(np.ones((1, 5)), np.array([1, 1, 1, 1, 0.5]), EXCLUSIVE, PARENTS)
    assert {NAMES[i] for i in np.flatnonzero(held[0])} == {"liver", "abdomen"}


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5), st.floats(0.05, 0.95))
def test_no_two_labels_of_a_slice_exclude_each_other(scores: list[float], least: float) -> None:
    held = decide_labels(np.array([scores]), least, EXCLUSIVE, PARENTS)[0]
    assert not EXCLUSIVE[np.ix_(held, held)].any()


def extents(column: list[int], step: float = 5.0) -> list[tuple[int, int, int, tuple[str, ...]]]:
    held = np.array(column, bool)[:, None]
    positions = 100.0 - step * np.arange(len(column))
    found = find_extents(held, held.astype(float), positions, step, ["chest"])
    return [(e.first, e.last, e.pieces, e.cut_at) for e in found]


def test_extents_of_known_series() -> None:
    assert extents([0, 0, 0]) == []
    assert extents([0, 1, 1, 0]) == [(1, 2, 1, ())]
    assert extents([1, 1, 0, 0]) == [(0, 1, 1, ("cranial",))]
    assert extents([1, 1, 1]) == [(0, 2, 1, ("cranial", "caudal"))]
    assert extents([0, 1, 0, 0, 1, 0]) == [(1, 4, 1, ())]  # 15 mm apart: the network flickers
    assert extents([0, 1, *[0] * 9, 1, 1, 0]) == [(11, 12, 2, ())]  # the longest of two


def test_an_extent_has_its_millimeters() -> None:
    held = np.array([0, 1, 1, 1, 0], bool)[:, None]
    (found,) = find_extents(held, held * 0.8, np.array([40.0, 35, 30, 25, 20]), 5.0, ["liver"])
    assert (found.from_mm, found.to_mm, found.extent_mm) == (35, 25, 15)
    assert (found.label, found.slices, found.probability) == ("liver", 3, pytest.approx(0.8))


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.floats(0.5, 12))
def test_pieces_are_apart_and_hold_every_slice(column: list[bool], step: float) -> None:
    found = extents([int(c) for c in column], step)
    assert bool(found) == any(column)
    for first, last, pieces, cut_at in found:
        assert column[first]
        assert column[last]
        inside = [i for i in range(first, last + 1) if column[i]]
        gaps = np.diff(inside) * step
        assert ((gaps <= MAX_GAP_MM + 1e-6) | (np.diff(inside) == 1)).all()
        assert (pieces == 1) == (sum(column) == len(inside))
        assert ("cranial" in cut_at) == (first == 0)


def test_the_header_against_what_was_seen() -> None:
    names = [*NAMES, "pelvis", "neck", "spine"]

    def said(tag: str, *much: str, few: tuple[str, ...] = ()) -> tuple[str, str, str]:
        check = check_header(tag, {*much, *few}, much, names)
        return check.said, check.agrees, check.disagreement

    assert said("CHEST", "chest", "abdomen") == ("CHEST", "yes", "")
    assert said("CHEST", "abdomen") == ("CHEST", "no", "no slice shows chest")
    assert said("CHEST", "chest", "pelvis") == ("CHEST", "no", "slices show pelvis")
    assert said("CHEST", "chest", few=("pelvis",)) == ("CHEST", "yes", "")  # it flickers
    assert said("CHEST/ABD/PELVIS", "chest", "abdomen", "pelvis")[:2] == ("CHESTABDPELVIS", "yes")
    assert said("CHEST/ABD/PELVIS", "liver")[1] == "no"
    assert said("HEAD", "neck") == ("HEAD", "unknown", "")
    assert said("HEAD", "neck", "abdomen") == ("HEAD", "no", "slices show abdomen")
    assert said("TSPINE", "spine", "chest", "pelvis")[:2] == ("TSPINE", "yes")
    assert said("WHOLEBODY", "chest", "abdomen", "pelvis", "neck")[1] == "yes"
    assert said("", "chest") == ("", "unknown", "")
    assert said("DOE^JOHN", "chest") == ("other", "unknown", "")  # a tag may hold anything


def test_every_expected_part_is_a_word_of_the_published_labels() -> None:
    assert {part for parts in EXPECTED.values() for part in parts} == {
        "chest", "abdomen", "pelvis", "neck", "extremity", "spine",
    }  # fmt: skip
