"""What the comparison of two runs must not miss, on runs of a few jobs."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maknet.compare import main
from maknet.errors import InputError
from maknet.provenance.comparison import compare
from maknet.provenance.record_writer import JobSpec, RecordWriter


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def job(
    results: str, output: str, content: str, inputs: Mapping[str, str] | None = None,
    rule: str = "table", wildcards: Mapping[str, str] | None = None,
    params: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    for path, text in (inputs or {}).items():
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text)
    config = {"paths": {"results": results, "data": f"{results}/data"}}
    spec = JobSpec(rule, wildcards or {}, params or {}, list(inputs or {}), [f"{results}/{output}"],
                   "scripts/make_table1.py", results, config)  # fmt: skip
    writer = RecordWriter(spec, datetime.now(UTC))
    Path(results, output).parent.mkdir(parents=True, exist_ok=True)
    Path(results, output).write_text(content)
    writer.write()


def test_runs_that_share_nothing_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    job("a", "table1.csv", "1", rule="one")
    job("b", "table2.csv", "2", rule="two")
    found = compare("a", "b")
    assert (found.only_a, found.only_b) == (["one"], ["two"])
    assert main(["a", "b"]) == 1
    assert "only the first run has: one" in capsys.readouterr().out


def test_runs_with_nothing_to_compare_are_not_alike(capsys: pytest.CaptureFixture[str]) -> None:
    job("a", "index.json", "1")
    job("b", "index.json", "2")
    assert main(["a", "b"]) == 2
    assert "have no table and no figure" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--table", "table1.csv", "--json"], ["--published"], ["--json", "--publish"]]
)
def test_an_option_that_would_be_ignored_is_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["a", "b", *options])
    assert caught.value.code == 2


def test_jobs_whose_wildcards_join_to_one_text_stay_two() -> None:
    for results, lr in (("a", 1), ("b", 2)):
        job(results, "t1.csv", "same", rule="train", wildcards={"labels": "", "seed": "x"})
        job(results, "t2.csv", f"{lr}", rule="train", wildcards={"labels": "x", "seed": ""},
            params={"lr": lr})  # fmt: skip
    (first,) = compare("a", "b").first
    assert first.job == "train labels=x"
    assert [(c.kind, c.what) for c in first.causes] == [("setting", "lr")]


def test_an_input_that_is_other_than_its_job_made_is_no_chance() -> None:
    for results, read in (("a", "made"), ("b", "edited")):
        job(results, "index.csv", "made", rule="index")
        Path(results, "index.csv").write_text(read)
        job(results, "table1.csv", read, {f"{results}/index.csv": read})
    (first,) = [f for f in compare("a", "b", ["table1.csv"]).first if f.job == "table"]
    assert [c.kind for c in first.causes] == ["input"]


def test_paths_of_a_run_are_no_cause() -> None:
    for results, value in (("a", "1"), ("b", "2")):
        job(results, "table1.csv", value, {f"/{Path.cwd()}/{results}-raw.csv": "same"},
            params={"partial": f"{results}/data/x", "lr": value})  # fmt: skip
    (first,) = compare("a", "b").first
    assert [(c.kind, c.what) for c in first.causes] == [("setting", "lr")]


def test_the_same_run_moved_is_the_same() -> None:
    job("a", "table1.csv", "1", {"a/data/x.csv": "x"})
    shutil.copytree("a", "moved")
    assert compare("a", "moved").differing == 0
    with pytest.raises(InputError, match="no provenance records"):
        compare("a", "nothing")


def test_publishing_from_nothing_leaves_what_is_published(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from maknet.provenance.published import PUBLISHED

    before = PUBLISHED.read_bytes()
    assert main(["nothing", "--publish"]) == 2
    assert PUBLISHED.read_bytes() == before
    assert "holds no results" in capsys.readouterr().err
