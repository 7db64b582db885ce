"""A script's `main` gets the values of its rule by name."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards

from maknet.files import ROOT
from maknet.jobs.script import arguments, script_path
from scripts import make_page


def job(**changes: Any) -> Any:
    values = {
        "input": InputFiles(fromdict={"csv": "a.csv", "shards": ["b.npy", "c.npy"], "none": []}),
        "output": OutputFiles(fromdict={"html": "a.html"}),
        "params": Params(fromdict={"seed": 7, "dataset": "phantom"}),
        "wildcards": Wildcards(fromdict={"seed": "-seed7", "page": "a"}),
        "threads": 3, "config": {"jobs": {}}, "resources": {"runtime": 5}, "rule": "make_page",
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def test_names_are_inputs_outputs_parameters_and_wildcards() -> None:
    def main(csv, shards, none, html, dataset, page, threads, config) -> None: ...  # type: ignore[no-untyped-def] # noqa: ANN001

    found = arguments(main, job())
    assert found == {
        "csv": Path("a.csv"), "shards": [Path("b.npy"), Path("c.npy")], "none": [],
        "html": Path("a.html"), "dataset": "phantom", "page": "a", "threads": 3,
        "config": {"jobs": {}},
    }  # fmt: skip


def test_a_parameter_stands_before_a_wildcard_of_its_name() -> None:
    def main(seed: int, wildcards: dict[str, str]) -> None: ...

    found = arguments(main, job())
    assert found == {"seed": 7, "wildcards": {"seed": "-seed7", "page": "a"}}


def test_a_default_stands_where_the_rule_has_no_value() -> None:
    def main(csv: Path, imagenet: Path | None = None) -> None: ...

    assert arguments(main, job()) == {"csv": Path("a.csv")}


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"params": Params(fromdict={})}, "0 inputs, outputs, parameters or wildcards named 'note'"),
     ({"params": Params(fromdict={"note": "n", "csv": "twice"})}, "2 inputs, .* named 'csv'")],
)  # fmt: skip
def test_a_name_that_is_missing_or_ambiguous_is_a_mistake_of_the_rule(
    changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        arguments(make_page.main, job(**changes))


def test_the_script_is_where_its_main_stands() -> None:
    assert script_path(make_page.main) == "scripts/make_page.py"
    assert (ROOT / script_path(make_page.main)).is_file()
