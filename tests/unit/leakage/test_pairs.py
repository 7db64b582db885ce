"""Scans in two places are found, one row each, and nothing else is confirmed."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.duplicates import LIMITS, InMemory, drawn_series, series_part
from benchmarks.planted_copies import Stack, noisy, other_spacing
from maknet.duplicates.decide import CONFIRMED, LIKELY
from maknet.duplicates.fingerprint import image_fingerprints
from maknet.leakage.image_sets import ImageSet
from maknet.leakage.pairs import count_by_collection, find_duplicates
from maknet.leakage.pictures import pair_pictures

WINDOW = (-1024.0, 3071.0)


def image_set(name: str, parts: list[tuple[np.ndarray, pd.DataFrame]]) -> ImageSet:
    pixels = np.concatenate([part[0] for part in parts])
    rows = pd.concat([part[1] for part in parts], ignore_index=True)
    return ImageSet(name, InMemory(pixels), image_fingerprints(pixels, WINDOW), WINDOW, rows)


def labeled(name: str, patient: str, series: str, stack: Stack) -> tuple[np.ndarray, pd.DataFrame]:
    images, rows = series_part(series, [stack])
    return images, rows.assign(patient=patient, z_mm=0.0)


@pytest.fixture(scope="module")
def series() -> dict[str, list[Stack]]:
    return {f"1.2.{number}": drawn_series("pairs", number) for number in range(6)}


@pytest.fixture(scope="module")
def found(series: dict[str, list[Stack]]) -> tuple[pd.DataFrame, list[ImageSet]]:
    rng = np.random.default_rng(1)
    parts = [
        series_part(uid, [Stack(s.hu[:3], s.pixel_mm) for s in stacks])
        for uid, stacks in series.items()
    ]
    changed = [noisy(other_spacing(stack, rng), rng) for stack in series["1.2.0"]]
    parts.append(series_part("1.2.0.9", changed))
    unlabeled = image_set("unlabeled", parts)
    own = drawn_series("pairs", 99)
    test = image_set(
        "test",
        [
            labeled("test", "7", "000007_01_01", noisy(series["1.2.3"][4], rng)),
            labeled("test", "7", "000007_01_02", noisy(series["1.2.3"][9], rng)),
            labeled("test", "8", "000008_01_01", own[5]),
        ],
    )
    train = image_set("train", [labeled("train", "9", "000009_01_01", noisy(own[5], rng))])
    return find_duplicates([train, test], unlabeled, LIMITS), [train, test, unlabeled]


def test_planted_scans_are_confirmed(found: tuple[pd.DataFrame, list[ImageSet]]) -> None:
    pairs = found[0]
    certain = pairs[pairs["verdict"] == CONFIRMED]
    rows = certain[["set_1", "patient_1", "set_2", "series_2"]].to_numpy().tolist()
    assert ["test", "7", "unlabeled", "1.2.3"] in rows
    twice = certain[certain["set_1"] == "unlabeled"]
    assert [set(row) for row in twice[["series_1", "series_2"]].to_numpy()] == [
        {"1.2.0", "1.2.0.9"}
    ]
    one = certain[certain["patient_1"] == "7"].iloc[0]
    assert one["in_order"] == 2
    assert abs(one["size_rows"] - 1) < 0.02
    assert len(certain) <= 3


def test_the_number_of_workers_changes_nothing(
    found: tuple[pd.DataFrame, list[ImageSet]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, (train, test, unlabeled) = found
    monkeypatch.setattr("maknet.leakage.candidates._AT_A_TIME", 7)
    shared = find_duplicates([train, test], unlabeled, LIMITS, workers=3)
    pd.testing.assert_frame_equal(shared, pairs)


def test_two_splits_share_a_patient_under_two_numbers(
    found: tuple[pd.DataFrame, list[ImageSet]],
) -> None:
    pairs = found[0]
    between = pairs[(pairs["set_1"] == "test") & (pairs["set_2"] == "train")]
    assert between[["patient_1", "patient_2"]].to_numpy().tolist() == [["8", "9"]]


def test_the_worst_come_first(found: tuple[pd.DataFrame, list[ImageSet]]) -> None:
    verdicts = found[0]["verdict"].tolist()
    assert verdicts == sorted(verdicts, key=[CONFIRMED, LIKELY].index)
    assert found[0].iloc[0]["set_1"] == "test"


def test_one_slice_is_likely_unless_it_is_certain(
    series: dict[str, list[Stack]],
) -> None:
    parts = [
        series_part(uid, [Stack(s.hu[:3], s.pixel_mm) for s in stacks])
        for uid, stacks in series.items()
    ]
    unlabeled, rng = image_set("unlabeled", parts), np.random.default_rng(3)
    test = image_set("test", [labeled("test", "7", "s", noisy(series["1.2.3"][4], rng))])
    for certain, verdict in ((0.999, LIKELY), (0.85, CONFIRMED)):
        pairs = find_duplicates([test], unlabeled, replace(LIMITS, certain=certain))
        row = pairs[(pairs["set_1"] == "test") & (pairs["series_2"] == "1.2.3")].iloc[0]
        assert row["verdict"] == verdict


def test_counts_and_pictures_follow_the_pairs(
    found: tuple[pd.DataFrame, list[ImageSet]],
) -> None:
    pairs, sets = found
    names = sets[-1].rows["series"].unique()
    table = pd.DataFrame({"series_uid": names, "triplets": 17})
    collections = {uid: "a" if uid.startswith("1.2.0") else "b" for uid in names}
    counts = count_by_collection(pairs, table, collections, "phantom").set_index("collection")
    assert counts.loc["a", "twice_confirmed"] == 2
    assert counts.loc["b", "in_test_confirmed"] == 1
    assert counts["images"].sum() == 17 * len(names)
    pictures = pair_pictures(pairs, sets)
    assert len(pictures) == min(len(pairs), 12)
    assert np.abs(pictures[0, 0] - pictures[0, 1]).mean() < 0.1


def test_nothing_to_find_is_an_empty_table(series: dict[str, list[Stack]]) -> None:
    alone = image_set(
        "unlabeled", [series_part("1.2.5", [Stack(s.hu[:3], s.pixel_mm) for s in series["1.2.5"]])]
    )
    pairs = find_duplicates([], alone, LIMITS)
    assert pairs.empty
    table = pd.DataFrame({"series_uid": ["1.2.5"], "triplets": [17]})
    counts = count_by_collection(pairs, table, {"1.2.5": "c"}, "phantom")
    assert counts.iloc[0]["in_test_confirmed"] == 0
    assert pair_pictures(pairs, [alone]).shape == (0, 2, 96, 96)
