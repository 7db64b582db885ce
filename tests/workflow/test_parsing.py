"""What Snakemake says before any job runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow.conftest import ROOT, Run, jobs

pytestmark = pytest.mark.workflow


def test_a_typo_ends_in_one_sentence_before_any_job(snakemake: Run, tmp_path: Path) -> None:
    done = snakemake(tmp_path, "--config", "trainning={}", "--dry-run")
    assert done.returncode != 0
    assert "Unknown configuration key 'trainning'; did you mean 'training'?" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [("training:\n  epochs: 3\n  epochs: 4\n", "the key 'training.epochs' occurs again in line 3"),
     ("seeds: &x [1, *x]\n", "what begins in line 1 holds itself"),
     ("paths: {results: mine.yaml}\n", "'paths.results' names the folder mine.yaml, but")],
    ids=["twice", "circle", "file"],
)  # fmt: skip
def test_a_file_that_yaml_passes_in_silence_is_refused(
    snakemake: Run, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    done = snakemake(
        tmp_path, "--dry-run", configfiles=("config/demo.yaml", str(tmp_path / "mine.yaml"))
    )
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_papers_configuration_plans_a_full_run(snakemake: Run, tmp_path: Path) -> None:
    """With nothing on disk: 370 batches of TCIA, 56 zips of DeepLesion, three GPU trainings."""
    done = snakemake(tmp_path, "--dry-run", configfiles=("config/paper.yaml",))
    assert done.returncode == 0, done.stderr[-2000:]
    text = done.stdout + done.stderr
    assert "results/table1.csv" in text
    assert "results/demo" not in text
    counts = {
        rule: len(re.findall(rf"^rule {rule}:", text, re.MULTILINE))
        for rule in (
            "fetch_series", "prepare_series", "fetch_deeplesion_part", "pseudo_label",
            "train_student",
        )
    }  # fmt: skip
    assert counts == {
        "fetch_series": 370, "prepare_series": 370, "fetch_deeplesion_part": 56,
        "pseudo_label": 5 * 6, "train_student": 5 * 5,
    }  # fmt: skip
    # For five seeds: networks, students and the control, pseudo-labels, pretraining, LesaNets,
    # the scores of all but the pretraining, and two explained networks.
    assert text.count("gpu=1") == 5 * (5 + 6 + 6 + 1 + 4 + 5 + 6 + 4 + 2)


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


def test_lists_and_sections_of_the_command_line_are_understood(
    snakemake: Run, tmp_path: Path
) -> None:
    done = snakemake(tmp_path, "--dry-run", "--config", "seeds=[123,7]", "student={rounds: 1}")
    assert done.returncode == 0, done.stderr
    planned = jobs(done.stdout)
    assert planned["train_network"] == 2 * 5
    assert planned["train_student"] == 2


def test_the_order_of_keys_is_no_change(copied: Path, snakemake: Run, tmp_path: Path) -> None:
    turned = tmp_path / "turned.yaml"
    turned.write_text("loss: {max_weight: 1.0, gamma: 2.0, alpha: 0.25, weighting: lesanet}\n")
    configfiles = ("config/demo.yaml", str(turned), "tests/workflow/mini.yaml")
    done = snakemake(copied, "--dry-run", configfiles=configfiles)
    assert done.returncode == 0, done.stderr
    assert jobs(done.stdout) == {}
