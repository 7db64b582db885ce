"""A head node with the light packages of envs/head.txt alone: planning, tables, audit, report."""

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path

import pytest

from benchmarks.plan import local_rules
from maknet.files import ROOT
from tests.workflow.conftest import MINI

pytestmark = pytest.mark.workflow
Head = Callable[..., subprocess.CompletedProcess[str]]


def pinned() -> list[str]:
    """Return the packages of envs/head.txt."""
    lines = (ROOT / "envs/head.txt").read_text().splitlines()
    return [line.partition("==")[0] for line in lines if "==" in line]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a Python that has just those packages: links to the ones of the tests."""
    folder = tmp_path_factory.mktemp("head") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    for name in pinned():
        for file in distribution(name).files or []:
            first = file.parts[0]
            if first not in ("..", "__pycache__") and not (site / first).exists():
                (site / first).symlink_to(distribution(name).locate_file(first))
    return folder / "bin/python"


@pytest.fixture(scope="module")
def head(python: Path) -> Head:
    """Return a function that runs a module of Python on a head node."""

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLURM_CONF": os.devnull}
        return subprocess.run(
            [str(python), *arguments], cwd=folder, capture_output=True, text=True, check=False,
            env=environment,
        )  # fmt: skip

    return run


def snakemake(*arguments: str) -> tuple[str, ...]:
    files = [str(ROOT / name) for name in MINI]
    return ("-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "1",
            *arguments, "--configfile", *files)  # fmt: skip


def test_the_pins_are_those_of_the_whole_environment() -> None:
    every = (ROOT / "envs/requirements.txt").read_text().splitlines()
    head = (ROOT / "envs/head.txt").read_text().splitlines()[1:]
    assert set(head) <= set(every)
    assert not {"torch", "torchvision", "SimpleITK", "onnx"} & set(pinned())


@pytest.mark.slow
@pytest.mark.parametrize("profile", [(), ("--profile", "slurm")], ids=["local", "slurm"])
def test_the_full_size_is_planned_without_torch(
    head: Head, tmp_path: Path, profile: tuple[str, ...]
) -> None:
    assert head(tmp_path, "-c", "import torch").returncode != 0
    done = head(
        ROOT, "-m", "snakemake", "--directory", str(tmp_path), "--cores", "1",
        "--dry-run", "--quiet", "rules", *profile, "--configfile", str(ROOT / "config/paper.yaml"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "prepare_series" in done.stdout + done.stderr


def test_the_scripts_of_the_head_node_need_no_more(head: Head) -> None:
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")}
    own = sorted(local_rules() & scripts - {"release", "release_pseudo_labels"})
    assert {"exclude_series", "make_table3", "write_audit_page"} <= set(own)
    done = head(ROOT, "-c", "".join(f"import scripts.{name}\n" for name in own))
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_tables_audit_and_report_of_a_finished_run(head: Head, copied: Path) -> None:
    results = copied / "results/demo"
    table = (results / "table1.csv").read_bytes()
    excluded = (copied / "data/demo/excluded.csv").read_bytes()
    again = head(copied, *snakemake("--dry-run", "all"))
    assert "Nothing to be done" in again.stdout + again.stderr
    tables = [f"results/demo/{name}" for name in ("table1.csv", "rejected.csv", "curves.png")]
    for targets in (tables, ["data/demo/excluded.csv"]):
        done = head(copied, *snakemake("--force", *targets))
        assert done.returncode == 0, done.stderr[-3000:]
    assert (results / "table1.csv").read_bytes() == table
    assert (copied / "data/demo/excluded.csv").read_bytes() == excluded
    audit = head(copied, "-m", "maknet.audit", "results/demo/table1.csv")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    report = head(copied, *snakemake("--report", "results/demo/report.html"))
    assert report.returncode == 0, report.stderr[-3000:]
    assert (results / "report.html").stat().st_size > 100_000
