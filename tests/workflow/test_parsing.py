"""What Snakemake says before any job runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.conftest import ROOT, Run

pytestmark = pytest.mark.workflow


def test_a_typo_ends_in_one_sentence_before_any_job(snakemake: Run, tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--config", "trainning={}", "--dry-run")
    assert done.returncode != 0
    assert "Unknown configuration key 'trainning'; did you mean 'training'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


def test_the_papers_configuration_names_what_is_missing(snakemake: Run, tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--dry-run", configfiles=("config/paper.yaml",))
    assert done.returncode != 0
    assert "'labeled.folder.dl_info' names the file data/deeplesion/DL_info.csv" in done.stdout


def test_the_papers_configuration_plans_a_full_run(snakemake: Run, tmp_path: Path) -> None:
    deeplesion, tcia = tmp_path / "data/deeplesion", tmp_path / "data/tcia"
    (deeplesion / "Images_png").mkdir(parents=True)
    for name in ("DL_info.csv", "text_mined_labels_171_and_split.json",
                 "hand_labeled_test_set.json", "lesion_ontology_181022.xlsx"):  # fmt: skip
        (deeplesion / name).touch()
    for number in range(45):
        (tcia / f"1.2.{number}").mkdir(parents=True)
        (tcia / f"1.2.{number}" / "1.dcm").touch()
    done = snakemake(tmp_path, "--dry-run", configfiles=("config/paper.yaml",))
    assert done.returncode == 0, done.stderr[-2000:]
    text = done.stdout + done.stderr
    assert "results/table1.csv" in text
    assert "results/demo" not in text
    assert "gpu=1" in text
    assert text.count("rule prepare_series:") == 3


@pytest.mark.parametrize(
    "command",
    [["snakemake", "--lint"], ["snakefmt", "--check", "Snakefile", "workflow"]],
    ids=["lint", "snakefmt"],
)
def test_snakemakes_own_checks(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
