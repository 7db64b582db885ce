from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maknet.errors import InputError
from maknet.files import (
    atomic_path,
    read_json,
    read_rows,
    sha256,
    write_frame,
    write_json,
    write_rows,
)


def test_failure_keeps_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_success_replaces_and_is_readable_by_the_group(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "new" / "a.txt") as temporary:
        temporary.write_text("whole")
    target = tmp_path / "new" / "a.txt"
    assert target.read_text() == "whole"
    assert target.stat().st_mode & 0o040


def test_equal_json_gives_equal_bytes(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": 1, "a": [1.5]})
    write_json(tmp_path / "b.json", {"a": [1.5], "b": 1})
    assert sha256(tmp_path / "a.json") == sha256(tmp_path / "b.json")
    assert read_json(tmp_path / "a.json") == {"a": [1.5], "b": 1}


def test_bad_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match=r"bad\.json is not JSON"):
        read_json(tmp_path / "bad.json")
    with pytest.raises(InputError, match=r"none\.json is missing"):
        read_json(tmp_path / "none.json")


def test_rows_survive_a_round_trip(tmp_path: Path) -> None:
    rows = [{"a": "1", "b": "x, y"}, {"a": "2", "b": ""}]
    write_rows(tmp_path / "t.csv", ("a", "b"), rows)
    assert read_rows(tmp_path / "t.csv") == rows
    spreadsheet = "\ufeff" + (tmp_path / "t.csv").read_text()  # as Excel saves it
    (tmp_path / "t.csv").write_text(spreadsheet, encoding="utf-8")
    assert read_rows(tmp_path / "t.csv") == rows


def test_counts_keep_their_digits_beside_undefined_cells(tmp_path: Path) -> None:
    table = pd.DataFrame({"n": [14_782_131, np.nan], "x": [0.12345678, 1e300]})
    write_frame(tmp_path / "t.csv", table)
    assert (tmp_path / "t.csv").read_text() == "n,x\n14782131,0.123457\n,1e+300\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a,b\n1\n", "row 0 has not as many cells"), (b"\xff\xfe", "is not a CSV")],
)
def test_files_that_are_no_tables_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_rows(tmp_path / "t.csv")
