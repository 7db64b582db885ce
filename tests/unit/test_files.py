import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maknet.errors import InputError
from maknet.files import (
    ROOT,
    atomic_path,
    parsing,
    read_json,
    read_rows,
    sha256,
    write_frame,
    write_json,
    write_rows,
    write_text,
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
    [
        (b"a,b\n1\n", "row 0 has fewer or more cells"),
        (b"\xff\xfe", "is not a CSV"),
        (b"a,a\n1,2\n", "two columns have one name"),
        (b"a\n" + b"x" * 140_000, "field larger than field limit"),
    ],
    ids=range(4),
)
def test_files_that_are_no_tables_are_named(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        read_rows(tmp_path / "t.csv")


KILLED = """
import os, signal, sys
from maknet.files import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_bytes(bytes(1000))
    if sys.argv[2] == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    print("writing", flush=True)
    sys.stdin.read()
"""


def writer(target: Path, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target), how], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def temporaries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob(".*"))


def test_what_a_killed_process_left_goes_with_the_next_write(tmp_path: Path) -> None:
    target = tmp_path / "a[1].txt"
    with writer(target, "die") as killed:
        assert killed.wait() == -signal.SIGKILL
    assert len(temporaries(tmp_path)) == 1
    with writer(target, "die") as again:  # a second death leaves one, too, but not two
        again.wait()
    assert len(temporaries(tmp_path)) == 1
    write_text(target, "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a[1].txt"]


def test_what_others_write_or_wrote_is_left(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with writer(target, "live") as alive:
        assert alive.stdout is not None
        assert alive.stdout.readline() == "writing\n"
        others = [".a.txt.0123abcd.99999999.tmp", ".a.txt.bak", ".b.txt.1.tmp", ".a.txt.1.tmp"]
        for name in others:  # another node's, and files of other names
            (tmp_path / name).touch()
        before = temporaries(tmp_path)
        write_text(target, "whole")
        assert temporaries(tmp_path) == before
        assert len(before) == len(others) + 1
        alive.communicate("")
    assert target.read_bytes() == bytes(1000)
    assert temporaries(tmp_path) == sorted(others)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[" * 100_000, "is not JSON"), ("9" * 5000, "is not JSON"), ("NaN", "it holds NaN"),
     ("[-Infinity]", "it holds -Infinity"), ('{"a": 1, "a": 2}', "a key occurs twice")],
    ids=range(5),
)  # fmt: skip
def test_json_of_any_damage_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        read_json(tmp_path / "a.json")
    assert len(str(caught.value)) < 400


def test_what_the_system_refuses_is_no_damage(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"a cannot be read \(Input/output error\); check its"),
        parsing(tmp_path / "a", "JSON", "replace the file"),
    ):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    with pytest.raises(InputError, match=r"a is not JSON \(ValueError\); replace the file"):  # noqa: SIM117
        with parsing("a", "JSON", "replace the file"):
            raise ValueError
