"""A series names the scans that it was found to be."""

from pathlib import Path

import pytest

from maknet.files import write_rows
from maknet.leakage.pairs import COLUMNS
from maknet.provenance.reach import found_twice


def pair(**cells: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | {
        "verdict": "confirmed", "in_order": "2", "correlation": "0.95", "distance": "0.02",
        "slice_1": "10", "slice_2": "20",
    } | cells  # fmt: skip


def test_both_sides_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        pair(
            set_1="test", patient_1="7", series_1="000007_01_01", set_2="unlabeled", series_2="1.2"
        ),
        pair(set_1="unlabeled", series_1="1.2", set_2="unlabeled", series_2="1.3"),
    ]  # fmt: skip
    (tmp_path / "results").mkdir()
    write_rows("results/duplicates.csv", COLUMNS, rows)
    results = Path("results")
    assert found_twice(results, {"1.2"}) == [
        "series 1.2 (slice 20) and patient 7 of test (series 000007_01_01, slice 10): confirmed, "
        "2 slices, correlation 0.95, distance 0.02",
        "series 1.2 (slice 10) and series 1.3 (slice 20): confirmed, 2 slices, correlation 0.95, "
        "distance 0.02",
    ]
    assert found_twice(results, {"patient 7"})[0].startswith("patient 7 of test")
    assert found_twice(results, {"1.9"}) == []
    assert found_twice(Path("elsewhere"), {"1.2"}) == []
