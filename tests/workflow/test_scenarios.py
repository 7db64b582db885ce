"""Scenarios run what their choice reaches, and nothing else."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import pytest
import yaml

from maknet.config.scenarios import folder_of
from maknet.files import ROOT
from maknet.provenance.lineage import audit
from maknet.provenance.links import all_intact
from maknet.provenance.records import read_records
from tests.workflow.conftest import MINI, PLANNED_JOB, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
CHOICES = yaml.safe_load((ROOT / "config/choices.yaml").read_text())["scenarios"]
RUNS = ("maknet", "vgg16", "student2", "control", "lesanet_tcia", "lesanet_imagenet")
WATCHED = [f"results/demo/metrics/{run}.json" for run in RUNS] + ["results/demo/perturbations.csv"]


def planned(said: str) -> dict[str, set[tuple[str, str]]]:
    """Return the jobs of a dry run that belong to a scenario's chain, by their scenario."""
    found: dict[str, set[tuple[str, str]]] = {}
    for rule, block in PLANNED_JOB.findall(said):
        wildcards = " ".join(re.findall(r"wildcards: (.*)", block))
        scenario = re.match(r"scenario=([^,]*)(?:, )?(.*)", wildcards)
        if scenario:
            found.setdefault(scenario[1], set()).add((rule, scenario[2]))
    return found


def test_a_scenario_runs_the_jobs_that_its_choice_changes_and_no_other(
    finished: Path, tmp_path: Path, snakemake: Run
) -> None:
    everything = tmp_path / "everything.yaml"
    everything.write_text("varied: null\n")
    dry = ("--dry-run", "--nolock", "results/demo/multiverse.csv")
    done = snakemake(finished, *dry, configfiles=(*MINI, str(everything)))
    assert done.returncode == 0, done.stderr
    by_scenario = planned(done.stdout)
    assert "" not in by_scenario

    def changed(name: str) -> set[tuple[str, str]]:
        """Return what Snakemake plans anew if the choice is the configuration's own."""
        overlay = tmp_path / f"{name}.yaml"
        overlay.write_text(yaml.safe_dump(CHOICES[name]["set"]))
        done = snakemake(finished, "--dry-run", "--nolock", *WATCHED,
                         configfiles=(*MINI, str(overlay)))  # fmt: skip
        assert done.returncode == 0, done.stderr
        return planned(done.stdout).get("", set())

    everyone = [folder.split("/")[1] for folder in by_scenario]
    assert len(everyone) > 30
    # One for each section, or combination of them, that scenarios set.
    names = list({tuple(CHOICES[name]["set"]): name for name in everyone}.values())
    assert len(names) >= 12
    with ThreadPoolExecutor(2) as pool:
        anew = dict(zip(names, pool.map(changed, names), strict=True))
    wrong = {n: sorted(anew[n] ^ by_scenario[folder_of(n)]) for n in names}
    assert {name: jobs for name, jobs in wrong.items() if jobs} == {}


def test_the_multiverse_end_to_end_with_a_scenario_of_ones_own(
    copied: Path, tmp_path: Path, snakemake: Run
) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text("varied: [mine, top_1, threshold_half]\nscenarios:\n  mine:\n"
                    "    set: {lesanet: {learning_rate: 0.02}}\n")  # fmt: skip
    files = (*MINI, str(mine))
    done = snakemake(copied, "results/demo/multiverse.csv", configfiles=files)
    assert done.returncode == 0, done.stderr[-3000:]
    results = copied / "results/demo"
    table = pd.read_csv(results / "multiverse.csv")
    assert set(table["dataset"]) == {"phantom"}
    assert list(dict.fromkeys(table["scenario"])) == ["base", "mine", "top_1", "threshold_half"]
    still = table[(table["scenario"] == "mine") & ~table["conclusion"].str.contains("natural")]
    assert (still["change"].fillna(0) == 0).all()
    made = sorted(p.name for p in (results / "scenarios/mine/runs").iterdir())
    assert made == ["lesanet_imagenet", "lesanet_tcia"]
    assert not (copied / "data/demo/scenarios").exists()
    assert "top_1" in (results / "multiverse.md").read_text()
    record = read_records(results)["results/demo/scenarios/mine/runs/lesanet_tcia/history.csv"]
    assert record.params["learning_rate"] == 0.02
    again = snakemake(copied, "--dry-run", "results/demo/multiverse.csv", configfiles=files)
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_changed_choice_is_named_by_the_audit(
    copied: Path, tmp_path: Path, snakemake: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.yaml"
    text = "scenarios:\n  mine:\n    set: {lesanet: {learning_rate: RATE}}\n"
    mine.write_text(text.replace("RATE", "0.02"))
    target = "results/demo/scenarios/mine/metrics/lesanet_imagenet.json"
    files = (*MINI, str(mine))
    assert snakemake(copied, target, configfiles=files).returncode == 0
    monkeypatch.chdir(copied)
    assert all_intact(audit(target))
    mine.write_text(text.replace("RATE", "0.03"))
    changed = {f.path for f in audit(target) if not all_intact([f])}
    assert changed == {"lesanet.learning_rate (train_lesanet)"}


def test_an_unknown_scenario_ends_in_one_sentence(finished: Path, snakemake: Run) -> None:
    target = "results/demo/scenarios/windw/metrics/maknet.json"
    done = snakemake(finished, "--dry-run", "--nolock", target, configfiles=MINI)
    assert done.returncode != 0
    assert "There is no scenario 'windw'" in done.stdout + done.stderr
