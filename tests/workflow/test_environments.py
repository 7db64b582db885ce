"""The three ways to an environment say the same: pip, conda, container."""

import json
import re
import tomllib

import yaml

from tests.workflow.conftest import ROOT

ENVS = ROOT / "envs"


def pins(lines: list[str]) -> dict[str, str]:
    return dict(line.strip().split("==") for line in lines if "==" in line)


def test_conda_has_the_pins_of_pip() -> None:
    sources = {"maknet.yaml": "requirements.txt", "head.yaml": "head.txt"}
    assert sources.keys() == {path.name for path in ENVS.glob("*.yaml")}
    for path, source in ((ENVS / name, ENVS / source) for name, source in sources.items()):
        pinned = pins(source.read_text().splitlines())
        assert len(pinned) > 50
        conda, pip = [], []
        for item in yaml.safe_load(path.read_text())["dependencies"]:
            if isinstance(item, dict):
                pip += item["pip"]
            else:
                conda.append(item)
        assert pins(pip) == pinned, path
        assert "pip" in conda
        assert any(re.fullmatch(r"python=3\.1\d", item) for item in conda)


def test_what_is_asked_for_is_pinned() -> None:
    def name(text: str) -> str:
        return re.split(r"[=<>~ #]", text)[0].lower().replace("_", "-")

    pinned = {name(pin) for pin in pins((ENVS / "requirements.txt").read_text().splitlines())}
    asked = [
        line for line in (ENVS / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    ]  # fmt: skip
    assert {name(line) for line in asked} <= pinned


def test_the_container_is_built_from_the_pins_and_used_by_all_rules() -> None:
    recipe = (ENVS / "maknet.def").read_text()
    python = re.search(r"^From: python:(3\.\d+)", recipe, re.MULTILINE)
    conda = yaml.safe_load((ENVS / "maknet.yaml").read_text())["dependencies"]
    assert python is not None
    assert f"python={python[1]}" in conda
    assert "envs/requirements.txt /opt/requirements.txt" in recipe
    assert "pip install --no-cache-dir -r /opt/requirements.txt" in recipe
    assert 'container: f"{CHECKOUT}/envs/maknet.sif"' in (ROOT / "Snakefile").read_text()


def test_every_rule_names_its_environment_and_resources() -> None:
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for block in re.split(r"\n(?=(?:use )?rule )", path.read_text()):
            rule = re.match(r"rule (\w+):", block)
            if rule is None or "    script:" not in block:
                continue  # a rule that only names others' results
            assert 'conda:\n        "../../envs/maknet.yaml"' in block, rule[1]
            if "localrule: True" not in block:
                assert "mem_mb=memory(" in block, rule[1]
                assert "runtime=limit(" in block, rule[1]
                assert "\n    threads: " in block, rule[1]


def test_all_descriptions_name_one_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    codemeta = json.loads((ROOT / "codemeta.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == codemeta["version"] == project["version"]
    assert project["requires-python"].removeprefix(">=") in codemeta["softwareRequirements"]


def test_forks_run_what_checks_every_change() -> None:
    github = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]["check"]
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())["check"]
    assert {"run": "bash .ci/run"} in github["steps"]
    assert gitlab["script"] == ["bash .ci/run"]
    assert (ROOT / ".ci/run").is_file()
