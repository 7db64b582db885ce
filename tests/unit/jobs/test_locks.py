import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maknet.files import ROOT
from maknet.jobs import locks
from maknet.jobs.locks import output_lock
from maknet.provenance.record_writer import JobSpec, RecordWriter, is_up_to_date

HOLDER = """
import sys, time
from pathlib import Path
from maknet.jobs.locks import output_lock
with output_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def holder(lock: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", HOLDER, str(lock), str(seconds)]
    environment = {**os.environ, "SLURM_JOB_ID": "28"}
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_first_does_not_wait(tmp_path: Path) -> None:
    with output_lock(tmp_path / "deep" / "a.lock") as waited:
        assert not waited
    with output_lock(tmp_path / "deep" / "a.lock") as waited:
        assert not waited


def test_the_second_names_the_first_and_waits(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with holder(tmp_path / "a.lock", 0.5) as first, output_lock(tmp_path / "a.lock") as waited:
        assert waited
        assert first.wait(5) == 0
    assert "another job is writing the same files (Slurm job 28 on" in caplog.text


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "a.lock", 60) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        began = time.monotonic()
        with output_lock(tmp_path / "a.lock"):
            assert time.monotonic() - began < 5


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.FileLock, "acquire", refused)
    with output_lock(tmp_path / "a.lock"):
        pass
    assert "cannot be locked ([Errno 37] No locks available)" in caplog.text


def step(folder: Path, **params: object) -> JobSpec:
    return JobSpec("table1", {}, params, [str(folder / "in")], [str(folder / "out")],
                "scripts/make_table1.py", str(folder))  # fmt: skip


def test_what_was_made_is_told_from_what_was_not(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    (tmp_path / "in").write_text("1")
    (tmp_path / "out").write_text("2")
    mine = step(tmp_path, seeds=[1], rate=0.1, range=(1, 2))
    assert not is_up_to_date(mine)
    RecordWriter(mine, datetime.now(UTC)).write()
    assert is_up_to_date(mine)
    assert not is_up_to_date(step(tmp_path, seeds=[2], rate=0.1, range=(1, 2)))
    (tmp_path / "out").write_text("3")
    assert not is_up_to_date(mine)
    (tmp_path / "out").unlink()
    assert not is_up_to_date(mine)
