"""The audit names every link that no longer holds."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maknet.errors import InputError
from maknet.files import ROOT, file_md5, write_rows
from maknet.provenance import links
from maknet.provenance.digests import DigestStore, digest
from maknet.provenance.lineage import audit
from maknet.provenance.links import all_intact
from maknet.provenance.record_writer import JobSpec, RecordWriter
from maknet.provenance.records import read_records
from tests.unit.test_command import installed

FILES = {
    "raw.csv": "1", "data/series/b1/1.2/0001.dcm": "dicom", "results/images/a.png": "a",
    "results/index.csv": "i", "results/table.csv": "t",
    "base.yaml": "training: {epochs: 3, batch: 4}\nimage: {size: 3}\n",
    "over.yaml": "training: {epochs: 5}\n",
}  # fmt: skip


@pytest.fixture
def lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """raw.csv and a batch of series -> images/ and index.csv -> table.csv"""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    dicom = Path("data/series/b1/1.2/0001.dcm")
    row = {"series_uid": "1.2", "file": dicom.name, "bytes": 5, "md5": file_md5(dicom)}
    write_rows("data/receipts/b1.csv", list(row), [row])
    config = {
        "training": {"epochs": 5, "batch": 9}, "image": {"size": 3}, "jobs": {"loader_threads": 1},
        "config_files": [str(tmp_path / "base.yaml"), str(tmp_path / "over.yaml")],
    }  # fmt: skip
    steps = [
        JobSpec("fetch", {"batch": "b1"}, {}, [], ["data/series/b1", "data/receipts/b1.csv"],
             "scripts/link_series.py", "results", config),
        JobSpec("prepare", {"batch": "b1"}, {"image": {"size": 3}}, ["raw.csv", "data/series/b1"],
             ["results/images", "results/index.csv"], "scripts/prepare_series.py", "results",
             config),
        JobSpec("table", {}, {"training": {"epochs": 5, "batch": 9}},
             ["results/images", "results/index.csv"], ["results/table.csv"],
             "scripts/make_table1.py", "results", config),
    ]  # fmt: skip
    for step in steps:
        RecordWriter(step, datetime.now(UTC)).write()
    return tmp_path


def broken(*, deep: bool = False) -> dict[str, str]:
    """Return the status of every link that does not hold, by its path."""
    return {f.path: f.status for f in audit("results/table.csv", deep=deep) if not all_intact([f])}


def test_an_untouched_lineage_holds(lineage: Path) -> None:
    findings = audit("results/table.csv", deep=True)
    assert all_intact(findings)
    files = {f.path: f.status for f in findings if f.kind == "file"}
    assert files == {
        "results/table.csv": "intact", "results/images": "intact", "results/index.csv": "intact",
        "raw.csv": "raw", "data/series/b1": "intact", "data/receipts/b1.csv": "intact",
    }  # fmt: skip
    assert {f.path for f in findings if f.kind == "code"} == {
        "scripts/make_table1.py (table)", "scripts/prepare_series.py (prepare)",
        "scripts/link_series.py (fetch)",
    }  # fmt: skip
    assert {f.path for f in findings if f.kind == "config"} == {
        "settings of table", "settings of prepare", "settings of fetch"
    }  # fmt: skip
    assert "numpy" in {f.path for f in findings if f.kind == "package"}


@pytest.mark.parametrize("name", ["raw.csv", "results/index.csv", "results/table.csv"])
def test_one_changed_byte_of_a_file_is_found_and_named(lineage: Path, name: str) -> None:
    Path(name).write_text("x")
    assert broken() == {name: "changed"}


def test_one_changed_byte_in_a_folder_is_found(lineage: Path) -> None:
    Path("results/images/a.png").write_text("b")
    assert broken() == {"results/images": "changed"}


def test_a_large_file_is_read_again_when_anything_about_it_changed(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same size, same times: only the time of the inode's change tells."""
    monkeypatch.setattr("maknet.provenance.digests._LARGE_BYTES", 0)
    path = Path("results/table.csv")
    before = path.stat()
    with path.open("r+") as handle:
        handle.write("x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert broken() == {"results/table.csv": "changed"}


def test_one_changed_byte_of_raw_data_is_found_by_a_deep_audit(lineage: Path) -> None:
    Path("data/series/b1/1.2/0001.dcm").write_text("dicoM")
    assert broken() == {}
    assert broken(deep=True) == {"data/series/b1": "changed"}
    note = [f.note for f in audit("results/table.csv", deep=True) if f.note]
    assert note == [
        "data/series/b1/1.2/0001.dcm does not have the MD5 sum that data/receipts/b1.csv lists"
    ]  # fmt: skip


def test_series_that_were_deleted_after_use_end_in_their_receipt(lineage: Path) -> None:
    shutil.rmtree("data/series/b1")
    findings = audit("results/table.csv")
    assert all_intact(findings)
    (found,) = [f for f in findings if f.path == "data/series/b1"]
    assert found.status == "receipt"
    assert "data/receipts/b1.csv" in found.note


def test_the_receipt_of_deleted_series_is_a_link_too(lineage: Path) -> None:
    shutil.rmtree("data/series/b1")
    Path("data/receipts/b1.csv").write_text("x")
    assert broken() == {"data/receipts/b1.csv": "changed"}
    Path("data/receipts/b1.csv").unlink()
    assert broken() == {"data/receipts/b1.csv": "missing"}


def test_a_removed_file_and_a_file_more_are_found(lineage: Path) -> None:
    Path("results/index.csv").unlink()
    Path("results/images/b.png").write_text("b")
    assert broken() == {"results/index.csv": "missing", "results/images": "changed"}


def test_an_input_that_was_made_anew_after_it_was_read_is_found(lineage: Path) -> None:
    made = ["results/images", "results/index.csv"]
    step = JobSpec("prepare", {"batch": "b1"}, {"image": {"size": 3}},
                   ["raw.csv", "data/series/b1"], made, "scripts/prepare_series.py",
                   "results")  # fmt: skip
    Path("results/index.csv").write_text("anew")
    RecordWriter(step, datetime.now(UTC)).write()
    # The record of the folder beside it is another one as well.
    assert broken() == {"results/index.csv": "changed", "results/images": "changed"}


def test_changed_code_names_the_files(lineage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "code_digest", lambda script: f"other {script}")
    monkeypatch.setattr(links, "code_files", lambda script: {"maknet/new.py": "1"})
    assert set(broken().values()) == {"changed"}
    (found,) = [f for f in audit("results/table.csv") if "make_table1.py (table)" in f.path]
    assert found.found == "other scripts/make_table1.py"
    assert "maknet/new.py" in found.note
    assert "maknet/reporting/tables/paper_tables.py" in found.note


def test_a_changed_setting_is_named_where_it_was_used(lineage: Path) -> None:
    Path("over.yaml").write_text("training: {epochs: 6}\n")
    assert broken() == {"training.epochs (table)": "changed"}
    (found,) = [f for f in audit("results/table.csv") if not all_intact([f])]
    assert (found.kind, found.recorded, found.found) == ("config", "5", "6")
    Path("over.yaml").write_text("training: {epochs: 5}\nimage: {size: 4}\n")
    assert broken() == {"image.size (prepare)": "changed"}
    Path("over.yaml").write_text("training: {epochs: 5}\njobs: {loader_threads: 8}\n# a comment\n")
    assert broken() == {}


def test_a_setting_of_the_command_line_stays(lineage: Path) -> None:
    """training.batch is 9 though the files say 4: it was set on the command line."""
    Path("base.yaml").write_text("training: {epochs: 3, batch: 8}\nimage: {size: 3}\n")
    assert broken() == {}


def test_another_version_of_a_package_is_named(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = links.version
    monkeypatch.setattr(links, "version", lambda n: "0.1" if n == "numpy" else now(n))
    assert broken() == {"numpy": "changed"}


def test_every_byte_of_a_record_counts(lineage: Path) -> None:
    """A digest in a record that was edited is a link that does not hold."""
    path = Path("results/provenance/table/job.json")
    record = json.loads(path.read_text())
    record["outputs"]["results/table.csv"] = "0" * 64
    path.write_text(json.dumps(record))
    assert broken() == {"results/table.csv": "changed"}


def test_what_has_no_record_is_refused(lineage: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match="has no provenance record"):
        audit("results/other.csv")
    with pytest.raises(InputError, match="lies in no results folder"):
        audit("raw.csv")
    Path("results/provenance/table/job.json").write_text('{"rule": "table"}')
    with pytest.raises(InputError, match=r"table\.csv has no provenance record"):
        audit("results/table.csv")
    assert "job.json is not a provenance record of this version" in caplog.text


def test_records_say_what_ran(lineage: Path) -> None:
    record = read_records(Path("results"))["results/index.csv"]
    assert record.rule == "prepare"
    assert record.params == {"image": {"size": 3}}
    assert record.inputs["raw.csv"] == digest("raw.csv")
    assert record.environment["packages"]["numpy"]
    assert record.code_files["scripts/prepare_series.py"]
    assert record.device["name"] == "cpu"
    assert record.exit == 0
    assert record.started <= record.ended
    text = Path("results/provenance/prepare/b1.json").read_text()
    kept = next(Path("results/provenance/config").iterdir()).read_text()
    assert str(lineage) not in text + kept  # paths are those of every machine


def test_what_is_written_block_by_block_is_not_read_again(
    lineage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    from maknet.data.shards.shard import write_shard
    from maknet.files import sha256
    from maknet.provenance import digests

    write_shard("shard.npy", np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4))
    expected = sha256("shard.npy")
    monkeypatch.setattr(digests, "sha256", lambda path: pytest.fail("read again"))
    assert DigestStore("results").digest("shard.npy") == expected
    assert DigestStore("results").digest("shard.npy") == expected


def test_the_command_line(lineage: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "maknet.audit", *arguments], cwd=lineage, text=True,
            capture_output=True, check=False, env={"PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    done = run("results/table.csv")
    lines = done.stdout.splitlines()
    assert lines[0] == "intact   results/table.csv  [table]"
    assert "    raw      raw.csv" in lines
    assert done.returncode == 0, done.stdout
    assert run("results/none.csv").returncode == 2
    Path("raw.csv").write_text("x")
    done = run("results/table.csv", "--json")
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert not said["holds"]
    assert [f["path"] for f in said["findings"] if f["status"] == "changed"] == ["raw.csv"]


def test_a_record_that_is_gone_upstream_is_a_finding(lineage: Path) -> None:
    (lineage / "results/provenance/prepare/b1.json").unlink()
    found = broken()
    assert found == {"results/images": "missing", "results/index.csv": "missing"}
    (lineage / "results/provenance/table/job.json").unlink()
    with pytest.raises(InputError, match="has no provenance record"):
        audit("results/table.csv")


def test_what_is_the_users_needs_no_record(lineage: Path) -> None:
    assert {f.path: f.status for f in audit("results/table.csv")}["raw.csv"] == "raw"


def test_what_a_rule_wrote_beside_a_result_belongs_to_it(lineage: Path) -> None:
    Path("results/table.md").write_text("t")
    Path("results/table.csv").write_text("t")
    step = JobSpec("table", {}, {}, ["results/index.csv"], ["results/table.csv",
                   "results/table.md"], "scripts/make_table1.py", "results")  # fmt: skip
    RecordWriter(step, datetime.now(UTC)).write()
    assert not broken()
    Path("results/table.md").write_text("other")
    assert broken() == {"results/table.md": "changed"}


def test_installed_it_names_what_only_a_checkout_has(lineage: Path) -> None:
    Path("over.yaml").write_text("training: {epochs: 6}\n")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "maknet", "audit", "results/table.csv"],
        env=installed(lineage / "elsewhere"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "settings.yaml is missing: settings are compared by the list of a" in done.stdout
    assert done.stderr == ""
