"""Which results of a run have the published bytes."""

from pathlib import Path

import pytest

from maknet.compare import main
from maknet.errors import InputError
from maknet.files import read_rows
from maknet.provenance import published
from maknet.provenance.published import PUBLISHED, agreement, publish


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for name in ("table1.csv", "runs/maknet/model.safetensors", "scores/maknet/test.npz"):
        path = tmp_path / "results" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "results/table1.md").write_text("not compared: it has a root")
    return tmp_path / "results"


def test_other_bytes_and_missing_files_are_named(results: Path, tmp_path: Path) -> None:
    target = tmp_path / "digests.csv"
    assert publish(results, target) == 3
    assert len(agreement(results, target).same) == 3
    (results / "table1.csv").write_text("other")
    (results / "scores/maknet/test.npz").unlink()
    found = agreement(results, target)
    assert found.same == ["runs/maknet/model.safetensors"]
    assert found.other == ["table1.csv"]
    assert found.missing == ["scores/maknet/test.npz"]
    with pytest.raises(InputError, match="holds no results"):
        agreement(tmp_path / "none", target)


def test_the_command_line(
    results: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(published, "PUBLISHED", tmp_path / "digests.csv")
    monkeypatch.setattr(publish, "__defaults__", (tmp_path / "digests.csv",))
    monkeypatch.setattr(agreement, "__defaults__", (tmp_path / "digests.csv",))
    assert main([str(results), "--publish"]) == 0
    (results / "table1.csv").write_text("other")
    assert main([str(results), "--published"]) == 1
    said = capsys.readouterr().out
    assert "2 of 3 published results are here byte for byte." in said
    assert "Other bytes: table1.csv" in said
    with pytest.raises(SystemExit):
        main([str(results)])


@pytest.mark.parametrize("more", [("--table", "table2.csv"), ("--json",)])
def test_what_needs_two_runs_is_refused_with_one(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["results", "--published", *more])
    assert "need two results folders" in capsys.readouterr().err


def test_the_demos_digests_are_published() -> None:
    files = {row["file"] for row in read_rows(PUBLISHED)}
    assert {"table1.csv", "table2.csv", "table3.csv", "runs/maknet/model.safetensors",
            "scores/student2/hand.npz", "pseudo/round1.npz"} <= files  # fmt: skip
