"""The real training rule, killed, stopped and out of time: it ends as if nothing had happened."""

import random
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from maknet.files import sha256
from tests.workflow.conftest import ROOT, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
LONG = "student: {epochs: 30}\njobs: {checkpoint_s: 0.05}\n"
RUN = "results/demo/runs/student1"
RESULT = ("model.safetensors", "history.csv", "network.json")


@pytest.fixture(scope="module")
def prepared(snakemake: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder in which only the student is missing, and its digests when it was not disturbed."""
    folder = tmp_path_factory.mktemp("interrupted")
    overlay = folder / "long.yaml"
    overlay.write_text(LONG)
    done = snakemake(folder, f"{RUN}/history.csv", configfiles=configfiles(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    digests = [sha256(folder / RUN / name) for name in RESULT]
    assert not (folder / "results/demo/state").exists() or not state(folder).exists()
    return folder, digests


@pytest.fixture
def folder(prepared: tuple[Path, list[str]]) -> Path:
    for name in RESULT:
        (prepared[0] / RUN / name).unlink(missing_ok=True)
    return prepared[0]


def configfiles(folder: Path) -> tuple[str, ...]:
    return ("config/demo.yaml", "tests/workflow/mini.yaml", str(folder / "long.yaml"))


def state(folder: Path) -> Path:
    return folder / "results/demo/state/student1.pt"


def started(folder: Path) -> "subprocess.Popen[str]":
    command = [
        sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory",
        str(folder), "--cores", "1", "--nolock", f"{RUN}/history.csv", "--configfile",
        *(str(ROOT / name) for name in configfiles(folder)),
    ]  # fmt: skip
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def training_process(run: "subprocess.Popen[str]") -> psutil.Process:
    """Return the process of the script that Snakemake started."""
    for child in psutil.Process(run.pid).children(recursive=True):
        if any("train_student" in word for word in child.cmdline()[1:2]):
            return child
    raise AssertionError("the training is not running")


def interrupt(folder: Path, send: str, delay_s: float) -> str:
    """Start the training, wait for its state to change and a moment more, and send a signal."""
    before = state(folder).stat().st_mtime_ns if state(folder).exists() else 0
    run = started(folder)
    deadline = time.monotonic() + 120
    while not state(folder).exists() or state(folder).stat().st_mtime_ns == before:
        assert time.monotonic() < deadline
        assert run.poll() is None, run.communicate()[1][-3000:]
        time.sleep(0.01)
    time.sleep(delay_s)
    getattr(training_process(run), send)()
    errors = run.communicate(timeout=120)[1]
    assert run.returncode != 0
    assert state(folder).exists()
    return errors


def test_killed_stopped_and_out_of_time(
    prepared: tuple[Path, list[str]], folder: Path, snakemake: Run
) -> None:
    draw = random.Random(5)
    for _ in range(2):
        interrupt(folder, "kill", draw.uniform(0, 0.4))
    errors = interrupt(folder, "terminate", draw.uniform(0, 0.4))
    assert "The training was told to stop by SIGTERM after step" in errors
    assert "start it again to go on" in errors
    assert "Traceback" not in errors
    files = configfiles(folder)
    # A limit of no minutes is over at the first step.
    limited = (
        "--set-resources", "train_student:runtime=0", "train_student:deadline_margin_s=1",
    )  # fmt: skip
    done = snakemake(folder, f"{RUN}/history.csv", *limited, configfiles=files)
    assert done.returncode != 0
    assert "The training was out of time after step" in done.stderr
    done = snakemake(folder, f"{RUN}/history.csv", configfiles=files)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "going on after step" in done.stderr
    assert [sha256(folder / RUN / name) for name in RESULT] == prepared[1]
    assert not state(folder).exists()


def test_the_state_of_other_settings_is_refused(folder: Path, snakemake: Run) -> None:
    interrupt(folder, "terminate", 0)
    overlay = folder / "long.yaml"
    overlay.write_text(LONG + "augmentation: {rotation_deg: 3}\n")
    done = snakemake(folder, f"{RUN}/history.csv", configfiles=configfiles(folder))
    overlay.write_text(LONG)
    assert done.returncode != 0
    assert "student1.pt is the state of a training with other settings (digest" in done.stderr
    assert "Traceback" not in done.stderr
    assert state(folder).exists()
    state(folder).unlink()
