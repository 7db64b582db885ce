"""What `snakemake --profile slurm` plans, with no Slurm on the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks.scale
from benchmarks.plan import PAGE, TARGETS, plan, write_page
from tests.workflow.conftest import ROOT

pytestmark = pytest.mark.workflow
SITE = """
account: project_465
partition: small
gpu_partition: gpu-long
gpu_model: a100
constraint: nvlink
scratch: $LOCAL_SCRATCH
"""


@pytest.mark.parametrize(
    ("text", "words"),
    [("partitoin: x\n", "has the unknown key 'partitoin'; known are account, partition"),
     ("gpu_model: a100\ngres: gpu:1\n", "both gres and gpu_model: write the model into gres"),
     (None, "start in the checkout, or name your site's file in MAKNET_SITE")],
)  # fmt: skip
def test_a_mistake_in_the_sites_file_ends_in_one_sentence(
    text: str | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.yaml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("MAKNET_SITE", str(path))
    command = [sys.executable, "-m", "snakemake", "--profile", "slurm", "-n"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.fixture(scope="module")
def planned() -> dict[str, dict[str, str]]:
    return plan()


def test_a_site_is_a_few_lines_in_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site.yaml").write_text(SITE)
    monkeypatch.setenv("MAKNET_SITE", str(tmp_path / "site.yaml"))
    rules = plan()
    for name, rule in rules.items():
        assert rule["slurm_account"] == "project_465"
        gpu = rule.get("gpu") == "1"
        assert rule["slurm_partition"] == ("gpu-long" if gpu else "small"), name
        assert rule.get("gpu_model") == ("a100" if gpu else None), name
        assert rule.get("constraint") == ("nvlink" if gpu else None), name
        assert rule["scratch"] == "$LOCAL_SCRATCH"
    (tmp_path / "site.yaml").write_text("gpu_partition: gpu-long\ngres: gpu:a100:1\n")
    for name, rule in plan().items():
        with_gpu = name in {each for each, asked in rules.items() if asked.get("gpu") == "1"}
        asked = [rule.get(key) for key in ("gres", "slurm_partition", "gpu")]
        assert asked == (["gpu:a100:1", "gpu-long", "0"] if with_gpu else [None] * 3), name
    # Rules that the paper's configuration does not reach are in the profile's list as well.
    profile = (ROOT / "slurm/profile.yaml").read_text()
    assert all(f'"{rule}"' in profile for rule in ("pretrain_textures", "train_factor"))


def test_every_job_asks_for_memory_and_time(planned: dict[str, dict[str, str]]) -> None:
    for name, rule in planned.items():
        assert int(rule["mem_mb"]) > 0, name
        assert int(rule["runtime"]) > 0, name
        assert "slurm_account" not in rule
        assert rule["deadline_margin_s"] == "180"
    assert {name for name, rule in planned.items() if rule.get("gpu") == "1"} == {
        "train_network", "train_student", "train_control", "pseudo_label", "pretrain_vgg16",
        "train_lesanet", "predict_scores", "explain_run",
    }  # fmt: skip
    assert all(rule.get("gpu") != "1" for rule in planned.values() if rule["local"])


def test_the_page_of_resources_is_that_of_the_rules() -> None:
    assert PAGE.read_text() == write_page(plan(*TARGETS)), "run `python -m benchmarks.plan`"


def test_the_page_of_scale_is_that_of_the_rates(
    planned: dict[str, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "scale.md"
    monkeypatch.setattr("benchmarks.scale.plan", lambda: planned)
    monkeypatch.setattr(sys, "argv", ["benchmarks.scale", "--target", str(page)])
    benchmarks.scale.main()
    assert page.read_text() == (ROOT / "docs/scale.md").read_text()


def test_the_literal_command_of_the_readme() -> None:
    """From a checkout, and without sbatch."""
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--profile", "slurm", "results/table3.csv", "-n"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "rule train_lesanet:" in done.stdout + done.stderr


def test_a_pipe_that_the_plugin_hands_to_sacct_is_one(tmp_path: Path) -> None:
    real = tmp_path / "sacct"
    real.write_text('#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n')
    real.chmod(0o755)
    command = [str(ROOT / "workflow/profiles/slurm/commands/sacct")]
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    def said(*words: str) -> str:
        return subprocess.run([*command, *words], env=environment, capture_output=True, text=True,
                              check=True).stdout  # fmt: skip

    assert said("-nu", "me", "-o", "Account%256 x", "|", "tail", "-1") == "[Account%256 x]\n"
    assert said("-a", "b c") == "[-a]\n[b c]\n"
