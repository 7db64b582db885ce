"""A finished run that was copied, cloned or moved: what is as recorded does not run again."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import ROOT, sha256
from tests.workflow.conftest import MINI, Run, jobs

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def copy(source: Path, target: Path, *, in_order: bool = False) -> Path:
    """Copy a run as `cp -r` does, in the order of the files' times, or in the worst order."""
    shutil.copytree(source, target, symlinks=True, copy_function=shutil.copy, dirs_exist_ok=True)
    files = [path for path in source.rglob("*") if not path.is_symlink()]
    oldest_first = sorted(files, key=lambda path: path.stat().st_mtime_ns)
    for place, path in enumerate(oldest_first if in_order else reversed(oldest_first)):
        times = (1_700_000_000 + place, 1_700_000_000 + place)
        os.utime(target / path.relative_to(source), times)
    return target


def clone(folder: Path) -> Path:
    """Return a checkout of its own, with the state of this one."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in names.splitlines():
        if (ROOT / name).is_symlink() or (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "As it was")
    return folder


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True)


def planned(folder: Path) -> str:
    """Return what a dry run in a checkout says."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "2",
        "--dry-run",
        "--configfile",
        *MINI,
    ]
    environment = {**os.environ, "SLURM_CONF": os.devnull}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def cloned(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone, beside which the results and data of a finished run were copied."""
    folder = clone(tmp_path_factory.mktemp("clone"))
    for name in ("results", "data"):
        copy(finished / name, folder / name)
    return folder


def test_a_copy_runs_nothing(finished: Path, snakemake: Run, tmp_path: Path) -> None:
    folder = copy(finished, tmp_path / "copy")
    first = snakemake(folder, "--dry-run", configfiles=MINI)
    said = first.stdout + first.stderr
    assert "Nothing to be done" in said
    assert re.search(r"The files of \d+ jobs are older than what they were made from", said)
    second = snakemake(folder, configfiles=MINI)
    assert "Nothing to be done" in second.stdout + second.stderr
    assert "are older than" not in second.stdout + second.stderr


def test_a_moved_run_runs_nothing(copied: Path, snakemake: Run, tmp_path: Path) -> None:
    moved = copied.rename(tmp_path / "elsewhere")
    done = snakemake(moved, "--dry-run", configfiles=MINI)
    assert "Nothing to be done" in done.stdout + done.stderr


@pytest.mark.parametrize("in_order", [False, True])
def test_of_a_copy_runs_again_what_was_changed(
    finished: Path, snakemake: Run, tmp_path: Path, in_order: bool
) -> None:
    folder = copy(finished, tmp_path / "copy", in_order=in_order)
    metrics = folder / "results/demo/metrics/maknet.json"
    time = metrics.stat().st_mtime
    metrics.write_text(metrics.read_text().replace("0.", "0.0", 1))
    os.utime(metrics, (time, time))
    table = "results/demo/table1.csv"
    done = snakemake(folder, table, "--dry-run", configfiles=MINI)
    said = re.search(r"`snakemake (--forcerun \S+)`", done.stdout + done.stderr)
    assert said is not None
    command = [table, *said[1].split()]
    planned = snakemake(folder, *command, "--dry-run", configfiles=MINI)
    assert jobs(planned.stdout + planned.stderr) == {
        "compute_metrics": 1, "make_table1": 1, "total": 2,
    }  # fmt: skip
    snakemake(folder, *command, configfiles=MINI)
    again = snakemake(folder, "--dry-run", configfiles=MINI)
    assert "Nothing to be done" in again.stdout + again.stderr
    assert sha256(folder / table) == sha256(finished / table)


def test_a_fresh_clone_beside_copied_results_runs_nothing(cloned: Path) -> None:
    assert "Nothing to be done" in planned(cloned)


def test_switching_branches_there_and_back_runs_nothing(cloned: Path) -> None:
    git(cloned, "switch", "--quiet", "--create", "other")
    for path in (cloned / "scripts").glob("*.py"):
        path.write_text(path.read_text() + "\n# A note.\n")
    git(cloned, "commit", "--quiet", "--all", "--message", "Notes")
    assert "Nothing to be done" in planned(cloned)
    git(cloned, "switch", "--quiet", "-")
    assert "Nothing to be done" in planned(cloned)


def test_a_clone_of_other_code_says_so_until_it_has_run(finished: Path, tmp_path: Path) -> None:
    folder = clone(tmp_path / "clone")
    for name in ("results", "data"):
        copy(finished / name, folder / name)
    script = folder / "scripts/draw_textures.py"
    script.write_text(script.read_text() + "\n\nVERSION = 2\n")
    for _ in range(2):
        said = planned(folder)
        assert "The results of 1 job are not those of today's code and settings." in said
        assert "`snakemake --forcerun draw_textures`" in said
