"""The real workflow, run by Snakemake in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from selenium import webdriver

from maknet.files import ROOT
from tests.workflow.browser import open_browser

MINI = ("config/demo.yaml", "tests/workflow/mini.yaml")
# Rule and block of a job in what a dry run says.
PLANNED_JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", re.MULTILINE)
Run = Callable[..., subprocess.CompletedProcess[str]]


def jobs(stdout: str) -> dict[str, int]:
    """Read the job table of a dry run."""
    lines = [line.split() for line in stdout.splitlines()]
    return {
        part[0]: int(part[1])
        for part in lines
        if len(part) == 2 and part[1].isdigit() and not part[0].endswith(":")
    }


@pytest.fixture(scope="module", autouse=True)
def no_cluster() -> Iterator[None]:
    """Hide a Slurm of this machine: Snakemake asks it as it starts, and waits if it is down."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLURM_CONF", os.devnull)
        yield


@pytest.fixture(scope="session")
def snakemake() -> Run:
    """Return a function that runs Snakemake on this workflow in a given folder."""

    def run(
        folder: Path, *arguments: str | Path, configfiles: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        files = [str(ROOT / name) for name in configfiles]
        chosen = ["--configfile", *files] if files else []
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(folder), "--cores", "2", *map(str, arguments), *chosen,
        ]  # fmt: skip
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "SLURM_CONF": os.devnull}
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )

    return run


@pytest.fixture(scope="session")
def finished(snakemake: Run, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The folder of a finished run of all rules, made once for all workers; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, done = shared / "mini", shared / "mini.done"
    with FileLock(shared / "mini.lock"):
        if not done.exists():
            folder.mkdir()
            ran = snakemake(folder, configfiles=MINI)
            assert ran.returncode == 0, ran.stderr[-3000:]
            done.touch()
    return folder


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """A browser that opens pages from their files."""
    yield from open_browser(tmp_path)


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished run that a test may spoil."""
    return Path(shutil.copytree(finished, tmp_path / "run", symlinks=True))
