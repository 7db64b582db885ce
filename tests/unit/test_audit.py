"""The audit names every link that no longer holds."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maknet import audit as auditing
from maknet.audit import audit, holds
from maknet.digests import digest
from maknet.errors import InputError
from maknet.records import Step, read_records, write_record

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """raw.csv -> images/ and index.csv -> table.csv"""
    monkeypatch.chdir(tmp_path)
    for name, text in {"raw.csv": "1", "results/images/a.png": "a", "results/index.csv": "i",
                       "results/table.csv": "t"}.items():  # fmt: skip
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    steps = [
        Step("prepare", {"batch": "b1"}, {"size": 3}, ["raw.csv"],
             ["results/images", "results/index.csv"], "scripts/prepare_series.py", "results"),
        Step("table", {}, {}, ["results/images", "results/index.csv"], ["results/table.csv"],
             "scripts/make_table1.py", "results"),
    ]  # fmt: skip
    for step in steps:
        write_record(step, datetime.now(UTC))
    return tmp_path


def statuses() -> dict[str, str]:
    return {finding.path: finding.status for finding in audit("results/table.csv")}


def test_an_untouched_lineage_holds(lineage: Path) -> None:
    assert statuses() == {
        "results/table.csv": "intact", "scripts/make_table1.py (table)": "intact",
        "results/images": "intact", "scripts/prepare_series.py (prepare)": "intact",
        "raw.csv": "raw", "results/index.csv": "intact",
    }  # fmt: skip
    assert holds(audit("results/table.csv"))


@pytest.mark.parametrize("name", ["raw.csv", "results/index.csv", "results/table.csv"])
def test_one_changed_byte_is_found_and_named(lineage: Path, name: str) -> None:
    Path(name).write_text("x")
    changed = [path for path, status in statuses().items() if status == "changed"]
    assert changed == [name]
    assert not holds(audit("results/table.csv"))


def test_a_removed_file_is_found(lineage: Path) -> None:
    Path("results/index.csv").unlink()
    assert statuses()["results/index.csv"] == "missing"


def test_a_file_more_in_a_folder_is_found(lineage: Path) -> None:
    Path("results/images/b.png").write_text("b")
    assert statuses()["results/images"] == "changed"


def test_changed_code_is_found(lineage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "code_digest", lambda script: "other")
    assert statuses()["scripts/make_table1.py (table)"] == "changed"


def test_a_file_without_a_record_is_refused(lineage: Path) -> None:
    with pytest.raises(InputError, match="has no provenance record"):
        audit("results/other.csv")
    with pytest.raises(InputError, match="lies in no results folder"):
        audit("raw.csv")


def test_records_say_what_ran(lineage: Path) -> None:
    record = read_records(Path("results"))["results/index.csv"]
    assert record.rule == "prepare"
    assert record.params == {"size": 3}
    assert record.inputs == {"raw.csv": digest("raw.csv")}
    assert record.environment["packages"]["torch"]
    assert record.started <= record.ended


def test_the_command_line(lineage: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "maknet.audit", *arguments], cwd=lineage, text=True,
            capture_output=True, check=False, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    assert run("results/table.csv").returncode == 0
    assert run("results/none.csv").returncode == 2
    Path("raw.csv").write_text("x")
    done = run("results/table.csv", "--json")
    assert done.returncode == 1
    assert [f["path"] for f in json.loads(done.stdout) if f["status"] == "changed"] == ["raw.csv"]
