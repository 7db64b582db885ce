"""Fifty series of the rehearsal: killed on the way, it goes on, and nothing of it is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maknet.files import ROOT, read_rows
from maknet.provenance.records import read_records
from tests.rehearsal.report import measured
from tests.rehearsal.run import Rehearsal

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
SERIES = 50


def start(folder: Path, *steps: str) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable, "-m", "tests.rehearsal.run", "--series", str(SERIES), "--folder",
        str(folder), "--steps", *steps, "--", "--cores", "2",
    ]  # fmt: skip
    with (folder / "said.log").open("w") as log:
        return subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT,
            env={**os.environ, "OMP_NUM_THREADS": "1"}, start_new_session=True,
        )  # fmt: skip


def said(folder: Path) -> str:
    return (folder / "said.log").read_text()


def test_fifty_series_from_the_archives_to_the_audit(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, SERIES)
    first = start(tmp_path, "all")
    receipts = rehearsal.data / "tcia/receipts"
    deadline = time.monotonic() + 300
    while not (prepared := list((rehearsal.data / "unlabeled").glob("*.series.csv"))):
        assert first.poll() is None, said(tmp_path)[-3000:]
        assert time.monotonic() < deadline
        time.sleep(0.5)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    names = [path.name.replace(".series", "") for path in prepared]
    fetched = {name: (receipts / name).stat().st_mtime_ns for name in names}

    done = start(tmp_path, "all", "report", "audit", "plan again")
    assert done.wait(1500) == 0, said(tmp_path)[-3000:]
    assert "Nothing to be done" in said(tmp_path)
    assert {n: (receipts / n).stat().st_mtime_ns for n in fetched} == fetched
    wanted = {item.uid: item.images for item in rehearsal.listed()}
    assert {row["series_uid"]: int(row["files"]) for row in rehearsal.prepared()} == wanted
    assert len(read_rows(rehearsal.results / "table3.csv")) == 4
    # The DICOM of all batches never lies on the disk at once.
    records = read_records(rehearsal.results).values()
    first = min(r.started for r in records if r.rule == "prepare_series")
    assert first <= max(r.started for r in records if r.rule == "fetch_series")

    found = measured(rehearsal)
    assert found["jobs"] > 100
    assert found["slices"] == sum(wanted.values())
    assert {"fetch_series", "train_lesanet", "make_table3"} <= found["rules"].keys()
    assert all(rule["memory_mb"] > 20 for rule in found["rules"].values())
    assert found["disk_mb"] > 0
    assert found["sizes_mb"]["report"] > 0.1
