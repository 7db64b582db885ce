"""Other workflows import this one: its preparing rules for CT of their own, or all of it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from maknet.config.yaml_files import with_defaults
from maknet.files import ROOT, read_rows
from maknet.provenance.lineage import audit
from maknet.provenance.links import all_intact
from maknet.provenance.records import read_records
from tests.workflow.conftest import MINI, Run, jobs

pytestmark = pytest.mark.workflow
Import = Callable[..., None]

IMPORTER = (
    """
configfile: "own.yaml"

module maknet:
    snakefile: "{root}/Snakefile"
    config: config["maknet"]
    {more}

{rules}

rule mine:
    """
    + '"""What the importer makes of it."""'
    + """
    default_target: True
    input: "{target}"
    output: "mine.txt"
    shell: "wc -l {{input}} > {{output}}"
"""
)


@pytest.fixture
def importer(tmp_path: Path) -> Import:
    """Return a function that writes a workflow that imports this one."""

    def write(config: dict[str, object], rules: str, target: str, more: str = "") -> None:
        text = IMPORTER.format(root=ROOT, rules=rules, target=target, more=more)
        (tmp_path / "Snakefile").write_text(text)
        (tmp_path / "own.yaml").write_text(yaml.safe_dump({"maknet": config}))

    return write


@pytest.fixture
def run(snakemake: Run, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Return a function that runs the importer."""

    def start(*arguments: str) -> tuple[int, str]:
        done = snakemake(tmp_path, "--snakefile", tmp_path / "Snakefile", *arguments)
        return done.returncode, done.stdout + done.stderr

    return start


def own_ct(folder: Path) -> dict[str, object]:
    return {
        "dataset": "sample", "device": "cpu", "seeds": [1],
        "paths": {"results": "results/ct", "data": "data/ct"},
        "unlabeled": {"source": "folder", "folder": str(folder)},
        "series": {"min_matrix": 32, "pixel_mm": [0.3, 20.0]}, "image": {"size": 32},
    }  # fmt: skip


def test_the_preparing_rules_alone_under_names_of_the_importers(
    importer: Import, run: Callable[..., tuple[int, str]], phantom_archive: dict[str, Path],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rules = (
        "use rule link_series, prepare_series from maknet as ct_*\n"
        "use rule summarize_series from maknet as my_summary with:\n"
        "    resources: mem_mb=500"
    )
    folder = next(iter(phantom_archive.values())).parent
    importer(own_ct(folder), rules, "results/ct/series_funnel.csv")
    code, said = run()
    assert code == 0, said[-3000:]
    assert (tmp_path / "mine.txt").is_file()
    assert len(read_rows(tmp_path / "results/ct/rejected.csv")) > 0
    records = read_records(tmp_path / "results/ct").values()
    assert {r.rule for r in records} == {"link_series", "prepare_series", "summarize_series"}
    monkeypatch.chdir(tmp_path)
    assert all_intact(audit("results/ct/rejected.csv"))
    assert "Nothing to be done" in run("--dry-run")[1]


@pytest.mark.slow
def test_everything_under_a_prefix_is_what_runs_here(
    importer: Import, run: Callable[..., tuple[int, str]], snakemake: Run, tmp_path: Path
) -> None:
    demo = with_defaults({}, [ROOT / name for name in MINI])
    importer(demo, "use rule * from maknet as paper_*", "results/demo/table1.csv")
    code, said = run("--dry-run", "paper_all")
    assert code == 0, said[-3000:]
    here = snakemake(tmp_path, "--dry-run", "all", configfiles=MINI)
    planned = {f"paper_{name}": count for name, count in jobs(here.stdout).items()}
    planned["total"] = planned.pop("paper_total")
    assert jobs(said) == planned
    assert planned["total"] > 80
    code, said = run("data/demo/labels/train.npz", "--cores", "2")
    assert code == 0, said[-3000:]


def test_a_wrong_setting_and_a_path_prefix_end_in_a_sentence(
    importer: Import, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    rules = "use rule prepare_series from maknet"
    config = own_ct(tmp_path)
    importer({**config, "devise": "cpu"}, rules, "x")
    code, said = run("--dry-run")
    assert code != 0
    assert "devise" in said
    assert "Traceback" not in said
    importer(config, rules, "x", more='prefix: "ct"')
    code, said = run("--dry-run")
    assert code != 0
    assert "set paths.results and paths.data" in said


def test_rules_that_are_fetched_without_the_library_are_refused(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    repository.mkdir()
    shutil.copy(ROOT / "Snakefile", repository)
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "As it is"]):
        subprocess.run(["git", *who, *arguments], cwd=repository, check=True)
    module = f'module maknet:\n    snakefile: "git+file://{repository}/Snakefile@main"\n'
    (tmp_path / "Snakefile").write_text(module + "    config: {}\nuse rule * from maknet\n")
    code, said = run("--dry-run")
    assert code != 0
    assert "Clone the repository, and name the clone's Snakefile" in said
