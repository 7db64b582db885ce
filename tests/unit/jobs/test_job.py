import errno
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import ROOT


def run_job(body: str, log: Path) -> subprocess.CompletedProcess[str]:
    head = f"from maknet.jobs.job import error_reporting\nwith error_reporting({str(log)!r}):\n"
    code = f"{head}    {body}\n"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_bad_input_ends_in_one_sentence(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    done = run_job("from maknet.errors import InputError; raise InputError('a.png is bad.')", log)
    assert done.returncode == 1
    assert "error: a.png is bad." in done.stderr
    assert "Traceback" not in done.stderr
    assert "error: a.png is bad." in log.read_text()


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    body = f"raise OSError({errno.ENOSPC}, 'No space left on device', 'shard.npy')"
    done = run_job(body, tmp_path / "job.log")
    assert done.returncode == 1
    assert "The disk is full while writing shard.npy" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bug_keeps_its_traceback_in_both_places(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    done = run_job("1 / 0", log)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert "ZeroDivisionError" in log.read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_really_full_device_is_told_from_other_failures(tmp_path: Path) -> None:
    body = "open('/dev/full', 'wb', buffering=0).write(b'x')"
    done = run_job(body, tmp_path / "job.log")
    assert done.returncode == 1
    assert "The disk is full" in done.stderr
