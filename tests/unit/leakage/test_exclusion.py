"""What is left out, and why."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maknet.data.shards.pool import ConcatShards
from maknet.data.shards.shard import write_shard
from maknet.errors import InputError
from maknet.files import write_rows
from maknet.leakage.exclusion import COLUMNS, excluded_images, excluded_series, read_excluded

SERIES = pd.DataFrame(
    [("a", "s1", 5), ("b", "s1", 9), ("c", "s2", 7), ("d", "", 4), ("e", "", 4), ("f", "s3", 1)],
    columns=["series_uid", "study_uid", "triplets"],
)
PAIRS = pd.DataFrame(
    [
        ("test", "12", "00_01", "unlabeled", "a", "confirmed"),
        ("hand", "13", "00_02", "unlabeled", "c", "likely"),
        ("train", "14", "00_03", "unlabeled", "d", "confirmed"),
        ("test", "12", "00_01", "train", "00_09", "confirmed"),
        ("unlabeled", "", "d", "unlabeled", "e", "confirmed"),
        ("unlabeled", "", "b", "unlabeled", "c", "confirmed"),
    ],
    columns=["set_1", "patient_1", "series_1", "set_2", "series_2", "verdict"],
)


def test_series_of_evaluated_patients_go_with_study_patient_and_scan() -> None:
    found = excluded_series(PAIRS, SERIES, {"a": "P", "f": "P"}, "drop", "keep")
    why = "study, scan or patient of a"
    # c is a copy of b, which is of a's study.
    assert found == {"a": "shows a patient of test", "b": why, "c": why, "f": why}


def test_likely_pairs_count_where_they_shall() -> None:
    alone = PAIRS[PAIRS["series_1"] != "b"]
    assert set(excluded_series(alone, SERIES, {}, "drop", "keep")) == {"a", "b"}
    found = excluded_series(alone, SERIES, {}, "drop", "keep", "likely")
    assert found["c"] == "shows a patient of hand"
    assert excluded_series(PAIRS, SERIES, {}, "report", "keep", "likely") == {}


def test_of_one_scan_the_series_with_most_images_stays() -> None:
    expected = {"c": "same scan as b", "e": "same scan as d"}
    assert excluded_series(PAIRS, SERIES, {}, "report", "one") == expected
    likely = PAIRS.assign(verdict="likely")
    assert excluded_series(likely, SERIES, {}, "report", "one", "likely") == {}
    both = excluded_series(PAIRS, SERIES, {}, "drop", "one")
    assert set(both) == {"a", "b", "c", "e"}


def test_a_run_stops_and_names_the_first() -> None:
    with pytest.raises(InputError, match=r"1 unlabeled series show patients .* a of patient 12"):
        excluded_series(PAIRS, SERIES, {}, "stop", "keep")
    assert excluded_series(PAIRS.iloc[2:], SERIES, {}, "stop", "keep") == {}


def test_rows_are_those_of_the_shards(tmp_path: Path) -> None:
    shards = []
    for batch, series in (("b0", "aac"), ("b1", "ca")):
        shards.append(tmp_path / f"{batch}.npy")
        write_shard(shards[-1], np.zeros((len(series), 3, 4, 4), np.uint8))
        write_rows(tmp_path / f"{batch}.csv", ["series_uid"], [{"series_uid": s} for s in series])
    rows = excluded_images({"a": "why"}, [path.with_suffix(".csv") for path in shards])
    write_rows(tmp_path / "excluded.csv", COLUMNS, rows)
    pool = ConcatShards(shards)
    found = read_excluded(tmp_path / "excluded.csv", pool)
    assert found.tolist() == [True, True, False, False, True]
    for wrong in ({"batch": "b7"}, {"image": 4}, {"image": -1}):
        write_rows(tmp_path / "excluded.csv", COLUMNS, [{**rows[0], **wrong}])
        with pytest.raises(InputError, match=r"excluded\.csv is not a list of left out images"):
            read_excluded(tmp_path / "excluded.csv", pool)
    write_rows(tmp_path / "none.csv", COLUMNS, [])
    assert not read_excluded(tmp_path / "none.csv", pool).any()
