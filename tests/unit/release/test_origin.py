"""A release stands on files as their jobs wrote them, and names every commit behind them."""

import json
from pathlib import Path

import pytest

from maknet.errors import InputError
from maknet.provenance.records import read_records
from maknet.release.origin import commits, require_unchanged
from tests.unit.test_audit import lineage  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("lineage")
RESULT = "results/table.csv"


def test_results_as_their_jobs_wrote_them_are_released() -> None:
    require_unchanged([RESULT])


@pytest.mark.parametrize("path", [RESULT, "results/index.csv"])
def test_a_changed_file_at_any_depth_is_refused_by_name(path: str) -> None:
    Path(path).write_text("edited")
    with pytest.raises(InputError, match=rf"^{path} is not what its job wrote \(changed"):
        require_unchanged([RESULT])


def test_a_missing_file_is_refused() -> None:
    Path("results/index.csv").unlink()
    with pytest.raises(InputError, match=r"^results/index\.csv .*missing"):
        require_unchanged([RESULT])


def test_changed_code_is_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maknet.provenance.links.code_digest", lambda script: "other")
    require_unchanged([RESULT])


def test_the_commits_of_all_jobs_are_named() -> None:
    (record,) = Path("results/provenance/prepare").glob("*.json")
    content = json.loads(record.read_text())
    content["environment"] |= {"commit": "c0ffee", "clean": False}
    record.write_text(json.dumps(content))
    found = commits([RESULT], read_records(Path("results")))
    assert "c0ffee" in found["commits"]
    assert len(found["commits"]) == 2
    assert found["clean"] is False
