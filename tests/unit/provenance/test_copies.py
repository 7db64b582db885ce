"""A copied run: what is as recorded is kept, what is not is made anew, whatever its times."""

import os
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maknet.errors import InputError
from maknet.files import ROOT
from maknet.provenance import code, copies
from maknet.provenance.copies import Settled, settle
from maknet.provenance.place import is_copied, remember_new_place
from maknet.provenance.record_writer import JobSpec, RecordWriter
from maknet.provenance.records import read_record

CONFIG = {
    "paths": {"results": "results", "data": "data"},
    "jobs": {"accepted_code": []},
    "config_files": [],
}
TABLE, METRICS, SOURCES = Path("results/table.csv"), Path("results/metrics.json"), Path("raw.csv")


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished run of two jobs: raw.csv, metrics.json, table.csv."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(copies, "changed_settings", lambda folder, name, config: [])
    SOURCES.write_text("raw")
    job("metrics", {SOURCES: None}, {METRICS: "metrics"})
    job("table", {METRICS: None}, {TABLE: "table"})


def job(rule: str, inputs: Mapping[Path, None], outputs: Mapping[Path, str]) -> None:
    spec = JobSpec(rule, {}, {"code": "x"}, list(map(str, inputs)), list(map(str, outputs)),
                   "scripts/make_table1.py", "results", CONFIG)  # fmt: skip
    writer = RecordWriter(spec, datetime.now(UTC))
    for path, text in outputs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    writer.write()


def set_times(*paths: Path) -> None:
    """Give files ascending times, a second apart."""
    for place, path in enumerate(paths):
        os.utime(path, (1_700_000_000 + place, 1_700_000_000 + place))


def rules(settled: Settled) -> dict[str, list[str]]:
    return {name: [job.rule for job in jobs] for name, jobs in vars(settled).items() if jobs}


def test_files_in_the_wrong_order_are_put_in_order() -> None:
    set_times(TABLE, METRICS, SOURCES)
    assert rules(settle("results", CONFIG)) == {"kept": ["metrics", "table"]}
    times = [path.stat().st_mtime for path in (SOURCES, METRICS, TABLE)]
    assert times == sorted(times)
    assert rules(settle("results", CONFIG)) == {}


@pytest.mark.parametrize("order", [(TABLE, METRICS, SOURCES), (SOURCES, METRICS, TABLE)])
def test_what_a_changed_input_made_is_named_whatever_the_order(order: tuple[Path, ...]) -> None:
    SOURCES.write_text("other")
    set_times(*order)
    for _ in range(2):  # at each start, until it was made anew
        settled = settle("results", CONFIG)
        assert rules(settled).get("changed") == ["metrics"]
        assert "`snakemake --forcerun results/metrics.json`" in settled.in_words()
        assert is_copied("results")
    job("metrics", {SOURCES: None}, {METRICS: "other metrics"})
    job("table", {METRICS: None}, {TABLE: "other table"})
    assert "changed" not in rules(settle("results", CONFIG))
    assert not is_copied("results")


@pytest.mark.parametrize("order", [(TABLE, METRICS, SOURCES), (SOURCES, METRICS, TABLE)])
def test_of_a_changed_result_the_job_that_made_it_is_named(order: tuple[Path, ...]) -> None:
    METRICS.write_text("forged")
    set_times(*order)
    assert rules(settle("results", CONFIG)).get("changed") == ["metrics"]


def test_what_was_out_of_date_before_the_copy_is_named() -> None:
    job("metrics", {SOURCES: None}, {METRICS: "newer metrics"})  # and no newer table yet
    set_times(SOURCES, METRICS, TABLE)
    assert rules(settle("results", CONFIG)) == {"changed": ["table"]}


def test_a_changed_file_of_a_job_without_inputs_is_named() -> None:
    drawn = Path("results/drawn.npy")
    job("draw", {}, {drawn: "drawn"})
    drawn.write_text("other")
    assert rules(settle("results", CONFIG))["changed"] == ["draw"]


def test_a_job_whose_script_is_gone_is_left_alone_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_times(TABLE, METRICS, SOURCES)
    monkeypatch.setattr(copies, "ROOT", tmp_path)
    settled = settle("results", CONFIG)
    assert rules(settled) == {"foreign": ["metrics", "table"]}
    assert TABLE.stat().st_mtime < METRICS.stat().st_mtime
    assert "this checkout has no scripts/make_table1.py" in settled.in_words()


def test_a_job_of_other_code_is_named_until_it_has_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "code_digest", lambda script: "other")
    assert rules(settle("results", CONFIG)) == {"stale": ["metrics", "table"]}
    assert is_copied("results")


def test_a_copy_is_told_from_a_move_and_from_a_run_in_place(tmp_path: Path) -> None:
    assert is_copied("results")  # its place was never remembered
    settle("results", CONFIG)
    assert not is_copied("results")
    shutil.copytree("results", tmp_path / "copy")
    assert is_copied("copy")
    Path("results").rename("moved")
    assert not is_copied("moved")


def test_results_that_two_checkouts_share_are_looked_at_once_by_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settle("results", CONFIG)
    for inode in (1, 2):
        monkeypatch.setattr("maknet.provenance.place._checkout", lambda inode=inode: inode)
        assert is_copied("results")
        settle("results", CONFIG)
    for inode in (1, 2, ROOT.stat().st_ino):
        monkeypatch.setattr("maknet.provenance.place._checkout", lambda inode=inode: inode)
        assert not is_copied("results")


def test_a_run_is_remembered_before_it_begins(tmp_path: Path) -> None:
    remember_new_place("fresh")
    assert not is_copied("fresh")
    Path("fresh/provenance").mkdir()
    assert not is_copied("fresh")


def test_times_that_may_not_be_set_are_an_error_only_where_they_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*arguments: object, **named: object) -> None:
        raise OSError(30, "Read-only file system")

    bench = Path("results/benchmarks/table/job.tsv")
    bench.parent.mkdir(parents=True)
    bench.write_text("")
    monkeypatch.setattr(os, "utime", refused)
    assert rules(settle("results", CONFIG)) == {}
    time.sleep(0.01)
    SOURCES.write_text("raw")
    with pytest.raises(InputError, match=r"cannot be put in order \(Read-only"):
        settle("results", CONFIG)


def test_a_record_names_the_code_that_ran_not_that_of_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = JobSpec("late", {}, {}, [], ["results/late.csv"], "scripts/make_table1.py", "results",
                   CONFIG)  # fmt: skip
    writer = RecordWriter(spec, datetime.now(UTC))
    before = code.code_digest(spec.script)
    module = "maknet.provenance.record_writer"
    for name in ("code_digest", "code_files", "checkout"):
        monkeypatch.setattr(f"{module}.{name}", lambda *_: pytest.fail("asked at the end"))
    Path("results/late.csv").write_text("")
    writer.write()
    assert read_record(spec.record_path).code == before
