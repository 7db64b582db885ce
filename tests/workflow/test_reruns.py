"""What a finished run does again, and what not: after deletions, changed settings, a bad image."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from maknet.files import read_rows, sha256
from maknet.provenance.code import reachable_files
from tests.workflow.conftest import MINI, ROOT, Run, jobs

pytestmark = pytest.mark.workflow
# What is deleted, all at once, and the rule of the one job that makes it again.
DELETED = {
    "table1.csv": "make_table1",
    "figure1.png": "draw_architecture",
    "figure3.png": "draw_explanations",
    "figure4.pdf": "draw_explanations",
    "curves.png": "draw_training_curves",
    "deletion.png": "summarize_explanations",
}


@dataclass(frozen=True)
class Remade:
    """A run whose deleted results were made again.

    Attributes:
        results: Its results folder.
        planned: Number of jobs by rule, of a dry run before.
        ran: Rule and outputs of every job that ran.
        digests: What the deleted results were.
    """

    results: Path
    planned: dict[str, int]
    ran: list[tuple[str, list[str]]]
    digests: dict[str, str]


@pytest.fixture(scope="module")
def remade(finished: Path, snakemake: Run, tmp_path_factory: pytest.TempPathFactory) -> Remade:
    """A copy of the finished run in which a few results were deleted and made again."""
    folder = tmp_path_factory.mktemp("remade") / "run"
    results = Path(shutil.copytree(finished, folder, symlinks=True)) / "results/demo"
    digests = {name: sha256(results / name) for name in DELETED}
    for name in DELETED:
        (results / name).unlink()
    targets = [f"results/demo/{name}" for name in DELETED]
    planned = snakemake(folder, *targets, "--dry-run", configfiles=MINI)
    done = snakemake(folder, *targets, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    blocks = re.findall(
        r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    output: (.*)$",
        done.stdout + done.stderr, re.MULTILINE,
    )  # fmt: skip
    ran = [(rule, outputs.split(", ")) for rule, outputs in blocks]
    return Remade(results, jobs(planned.stdout + planned.stderr), ran, digests)


def test_a_second_run_does_nothing(finished: Path, snakemake: Run) -> None:
    done = snakemake(finished, configfiles=MINI)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stderr


def test_deleted_results_run_one_job_each(remade: Remade) -> None:
    assert remade.planned == {
        "make_table1": 1, "draw_architecture": 1, "draw_explanations": 2,
        "draw_training_curves": 1, "summarize_explanations": 1, "total": 6,
    }  # fmt: skip
    assert sorted(rule for rule, _ in remade.ran) == sorted(DELETED.values())


def test_a_deleted_table_runs_one_job_and_comes_back_the_same(remade: Remade) -> None:
    assert [r for r, made in remade.ran if "results/demo/table1.csv" in made] == ["make_table1"]
    assert sha256(remade.results / "table1.csv") == remade.digests["table1.csv"]


@pytest.mark.parametrize(("figure", "rule"), [*DELETED.items()][1:])
def test_a_deleted_figure_runs_one_job_without_torch_and_comes_back_the_same(
    remade: Remade, figure: str, rule: str
) -> None:
    assert [r for r, made in remade.ran if f"results/demo/{figure}" in made] == [rule]
    assert sha256(remade.results / figure) == remade.digests[figure]
    code = code_digest_files(rule)
    assert not [path for path in code if "torch" in imported_packages(path)]


def code_digest_files(rule: str) -> list[Path]:
    """Return the script of a rule and all of the library that it reaches."""
    rules = (ROOT / "workflow/rules/figures.smk").read_text()
    script = re.search(rf"^rule {rule}:.*?\.\./\.\./(scripts/\w+\.py)", rules, re.M | re.S)
    assert script is not None
    return reachable_files(ROOT / script[1])


def imported_packages(path: Path) -> set[str]:
    return set(re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE))


def test_a_changed_setting_reruns_what_depends_on_it(
    finished: Path, snakemake: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("loss: {gamma: 1.0}\n")
    planned = snakemake(finished, "--dry-run", configfiles=(*MINI, str(other)))
    assert jobs(planned.stdout + planned.stderr) == {
        "train_network": 5, "train_student": 2, "train_control": 1, "pseudo_label": 3,
        "summarize_pseudo_labels": 1, "predict_scores": 10, "pretrain_vgg16": 1,
        "pretrain_textures": 2, "train_lesanet": 2, "compute_metrics": 10, "make_table1": 1,
        "make_table2": 1, "make_table3": 1, "compare_with_paper": 3, "compare_counts": 1,
        "draw_training_curves": 1, "all": 1, "explain_run": 2, "describe_architecture": 1,
        "draw_architecture": 1, "draw_noisy_student": 1, "draw_explanations": 2,
        "summarize_explanations": 1, "make_page": 10, "write_readme": 1, "write_ro_crate": 1,
        "write_audit_page": 1, "draw_rule_graph": 1, "summarize_labels": 1,
        "total": 69,
    }  # fmt: skip


def test_how_jobs_run_and_further_rounds_rerun_no_training(
    finished: Path, snakemake: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("jobs: {loader_threads: 3, checkpoint_s: 1}\n")
    planned = snakemake(finished, "--dry-run", configfiles=(*MINI, str(other)))
    assert "Nothing to be done" in planned.stdout + planned.stderr
    other.write_text("student: {rounds: 3}\n")
    planned = snakemake(finished, "--dry-run", configfiles=(*MINI, str(other)))
    assert jobs(planned.stdout + planned.stderr) == {
        "train_student": 1, "pseudo_label": 1, "summarize_pseudo_labels": 1, "predict_scores": 2,
        "pretrain_vgg16": 1, "train_lesanet": 1, "compute_metrics": 2, "make_table2": 1,
        "make_table3": 1, "compare_with_paper": 2, "draw_training_curves": 1,
        "draw_noisy_student": 1, "make_page": 7, "write_readme": 1, "all": 1,
        "write_audit_page": 1, "draw_rule_graph": 1, "summarize_labels": 1,
        "compare_counts": 1, "write_ro_crate": 1, "total": 29,
    }  # fmt: skip


def test_a_bad_image_ends_in_one_sentence_and_no_half_output(copied: Path, snakemake: Run) -> None:
    images = copied / "data/demo/phantom/deeplesion/Images_png"
    index = copied / "data/demo/labeled/val.csv"
    lesion = read_rows(index)[0]
    bad = images / lesion["series"] / f"{int(lesion['key_slice']):03d}.png"
    Image.new("L", (64, 64)).save(bad)
    target = "data/demo/labeled/val.npy"
    done = snakemake(copied, target, "--forcerun", "prepare_lesions", configfiles=MINI)
    assert done.returncode != 0
    sentence = [line for line in done.stderr.splitlines() if "16-bit gray PNG" in line]
    assert sentence
    assert str(bad.relative_to(copied)) in sentence[0]
    assert "Traceback" not in done.stderr
    assert not (copied / target).exists()
