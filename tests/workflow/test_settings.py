"""Whatever setting makes Snakemake plan a job, the audit names for that job, and no other."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from maknet.config.rule_settings import settings_by_rule
from maknet.config.settings import Setting
from maknet.provenance.job_settings import depends_on
from maknet.provenance.records import read_records
from maknet.provenance.settings import merged_files
from tests.workflow.conftest import MINI, PLANNED_JOB, ROOT, Run

pytestmark = pytest.mark.workflow
OTHER = {
    "cpu": "cuda", "f1": "auc", "auc": "f1", "last": "auc", "labeled": "recounted",
    "drop": "keep report",
    "lesanet": "none", "patient": "lesanet", "idc": "nbia", "portable": "native",
    "published": "none", "keep": "one", "likely": "confirmed", "confirmed": "likely",
}  # fmt: skip
# These decide which rules there are, which is no change of a job.
SOURCES = (
    "dataset", "labeled.source", "unlabeled.source", "generic", "seeds", "student.rounds",
    "scenarios", "varied", "conclusions",
)  # fmt: skip
# Refused on a CPU beside portable numerics, by which the small run is made.
NATIVE = ("jobs.precision", "jobs.compile")
TRAININGS = {"train_network", "train_student", "pretrain_vgg16", "train_lesanet"}  # scripts
Job = tuple[str, str]


def leaves(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict):
            yield from leaves(value, f"{key}.")
        else:
            yield key, value


def others(value: Any) -> list[Any]:
    """Return other values, of which the schema takes one or another."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 0.9, value - 1, value + 2]
    if isinstance(value, str):
        return list(OTHER.get(value, "").split())
    if isinstance(value, list) and value and isinstance(value[0], int | float):
        return [[*value[:-1], value[-1] * 0.95], [*value[:-1], value[-1] + 1], value[:-1]]
    return [["bodypart", "type"]] if value == ["bodypart"] else []


def nested(key: str, value: Any) -> dict[str, Any]:
    for name in reversed(key.split(".")):
        value = {name: value}
    return value  # type: ignore[no-any-return]


def _in_order(wildcards: Iterable[str]) -> str:
    """Return wildcards as records hold them: sorted by name."""
    return ", ".join(sorted(wildcards))


def planned(said: str) -> tuple[set[Job], set[Job]]:
    """Return the jobs that a dry run plans, and those whose own parameters have changed.

    Of a job that has other inputs as well, Snakemake names only the inputs.
    """
    found = {
        (rule, _in_order(" ".join(re.findall(r"wildcards: (.*)", block)).split(", "))):
            "Params have changed" in block
        for rule, block in PLANNED_JOB.findall(said)
    }  # fmt: skip
    return set(found), {job for job, changed in found.items() if changed}


@pytest.mark.slow
def test_the_list_of_settings_is_what_snakemake_plans(
    finished: Path, tmp_path: Path, snakemake: Run
) -> None:
    files = [ROOT / f"config/{n}.yaml" for n in ("paper", "choices")]
    files += [ROOT / name for name in MINI]
    records = {id(r): r for r in read_records(finished / "results/demo").values()}.values()

    def check(key: str, value: Any) -> str | None:
        for number, other in enumerate(others(value)):
            overlay = tmp_path / f"{key}{number}.yaml"
            overlay.write_text(yaml.safe_dump(nested(key, other)))
            done = snakemake(finished, "--dry-run", "--nolock", "--rerun-triggers", "params",
                             configfiles=(*MINI, str(overlay)))  # fmt: skip
            if done.returncode == 0:
                setting = Setting(key, value, other)
                named = {
                    (r.rule, _in_order(f"{k}={v}" for k, v in r.wildcards.items()))
                    for r in records if depends_on(r, setting)
                }  # fmt: skip
                jobs, changed = planned(done.stdout)
                wrong = (changed - named) | (named - jobs)
                return f"{key}: {sorted(wrong)}" if wrong else None
        return "" if others(value) else None

    keys = [
        (key, value) for key, value in leaves(merged_files([str(f) for f in files]))
        if not key.startswith((*SOURCES, *NATIVE))
    ]  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        wrong = list(pool.map(lambda item: check(*item), keys))
    assert [said for said in wrong if said] == []
    assert wrong.count("") <= 12  # values that the schema takes in no other form
    assert len(keys) > 90


def test_the_arithmetic_is_a_parameter_of_every_training_and_of_nothing_else() -> None:
    text = rules_text()
    found = re.findall(r"^rule (\w+):((?:(?!^(?:use )?rule ).)*)", text, re.MULTILINE | re.DOTALL)
    made = {name for name, body in found if "precision=precision_of" in body}
    scripts = {name: re.findall(r"scripts/(\w+)\.py", body) for name, body in found}
    assert made == {name for name, script in scripts.items() if TRAININGS.intersection(script)}
    own = r"^use rule (\w+) as (\w+) with:((?:(?!^(?:use )?rule ).)*)"
    for base, name, body in re.findall(own, text, re.MULTILINE | re.DOTALL):
        if base in made and ("params:" not in body or "precision=precision_of" in body):
            made.add(name)
    for key in NATIVE:
        assert {rule for rule, keys in settings_by_rule().items() if key in keys} == made
    assert text.count("precision=precision_of") == text.count('compile=config_provider("jobs"')


def rules_text() -> str:
    return "\n".join(p.read_text() for p in sorted((ROOT / "workflow/rules").glob("*.smk")))


def test_every_rule_of_the_list_is_one_of_the_workflow() -> None:
    text = rules_text()
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    rules |= set(re.findall(r"^use rule \w+ as (\w+) with:", text, re.MULTILINE))
    assert set(settings_by_rule()) <= rules
