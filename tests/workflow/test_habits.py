"""What people type by habit ends well, or in one sentence that says what to type."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.files import ROOT
from tests.workflow.conftest import MINI, Run

pytestmark = pytest.mark.workflow


def test_a_file_of_the_papers_run_without_a_configuration(snakemake: Run, tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--dry-run", "results/table3.csv")
    assert done.returncode != 0
    assert "makes results/demo/table3.csv" in done.stderr + done.stdout
    assert "--configfile config/paper.yaml after the file" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    named = snakemake(tmp_path, "--dry-run", "results/demo/table3.csv")
    assert named.returncode == 0, named.stderr[-2000:]


def test_rules_can_be_listed_with_what_they_make(snakemake: Run, tmp_path: Path) -> None:
    said = snakemake(tmp_path, "--list-rules").stdout
    assert "train_student (The student of one round" in said
    listed = [line for line in said.splitlines() if line and not line.startswith((" ", "Using"))]
    assert len(listed) > 50
    assert all("(" in line for line in listed)


@pytest.mark.slow
def test_without_cores_snakemake_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--directory", str(tmp_path)], cwd=ROOT,
        capture_output=True, text=True, check=False, env={**os.environ, "SLURM_CONF": os.devnull},
    )  # fmt: skip
    assert done.returncode != 0
    assert "--cores" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_the_profile_for_slurm_where_there_is_no_slurm(tmp_path: Path) -> None:
    without = tmp_path / "bin"
    without.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for path in Path(folder).glob("*"):
            if path.name != "sinfo" and not os.path.lexists(without / path.name):
                (without / path.name).symlink_to(path)
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "slurm", "--directory", str(tmp_path),
         "data/deeplesion/DL_info.csv"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": str(without), "SLURM_CONF": os.devnull},
    )  # fmt: skip
    assert done.returncode != 0
    assert "This machine has no Slurm" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("limit", [[], ["--max-jobs-per-timespan", "50/1s"]])
def test_ready_jobs_are_looked_at_when_a_job_has_ended_and_not_in_between(
    snakemake: Run, tmp_path: Path, limit: list[str]
) -> None:
    # With one core, one of both is ready and waits.
    targets = ["data/demo/labels/relations.json", "data/demo/textures/train.npz"]
    done = snakemake(tmp_path, "--verbose", "--cores", "1", *limit, *targets, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-3000:]
    looks = (done.stdout + done.stderr).count("Resources before job selection")
    ended = (done.stdout + done.stderr).count("Finished jobid")
    assert ended >= 3
    if limit:  # what somebody has asked for stands
        assert looks > ended
    else:
        assert looks <= ended
