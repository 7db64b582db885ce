"""What `--config` says has the types of a file."""

from typing import Any

import pytest

from maknet.config.command_line import check_demo_targets, set_types
from maknet.errors import InputError


def test_lists_and_sections_get_their_types_back() -> None:
    config: dict[str, Any] = {
        "seeds": ["123", "4"], "student": {"epochs": "3", "rounds": 5, "monitor": "auc"},
        "release": {"key": "null"}, "jobs": {"rehearse_gpu": "true"},
        "series": {"step_mm": ["0.2", "10"]}, "device": "cpu", "paths": {"results": "a: b: c"},
    }  # fmt: skip
    set_types(config, {
        "seeds": ["123", "4"], "student": {"epochs": "3", "monitor": "auc"},
        "release": {"key": "null"}, "jobs": {"rehearse_gpu": "true"},
        "series": {"step_mm": ["0.2", "10"]}, "device": "cpu", "paths": {"results": "a: b: c"},
    })  # fmt: skip
    assert config == {
        "seeds": [123, 4], "student": {"epochs": 3, "rounds": 5, "monitor": "auc"},
        "release": {"key": None}, "jobs": {"rehearse_gpu": True},
        "series": {"step_mm": [0.2, 10]}, "device": "cpu", "paths": {"results": "a: b: c"},
    }  # fmt: skip


def test_what_a_file_says_stays() -> None:
    config: dict[str, Any] = {"seeds": ["123"], "student": {"rounds": "5", "epochs": "3"}}
    set_types(config, {"student": {"epochs": "3"}})
    assert config == {"seeds": ["123"], "student": {"rounds": "5", "epochs": 3}}


def test_only_plain_numbers_and_words_have_a_type() -> None:
    texts = ["010", "1_000", "1:30", "on", "Off", "", "#5", "2024-30-12", "0x_", "~", "1e", "-"]
    numbers = {"0": 0, "-3": -3, "1e-4": 1e-4, "1.5": 1.5, "2.": 2.0, ".5": 0.5, "true": True}
    config: dict[str, Any] = {"a": [*texts, *numbers]}
    set_types(config, {"a": [*texts, *numbers]})
    assert config["a"] == [*texts, *numbers.values()]


@pytest.mark.parametrize(
    "words",
    [["-n", "results/demo/table1.csv"], ["--report", "results/report.html"], ["table1", "data/x"]],
)
def test_files_of_the_demo_and_of_options_are_no_targets_of_another_run(words: list[str]) -> None:
    check_demo_targets(["snakemake", *words], "results/demo")


def test_a_target_of_another_run_is_named_with_what_to_type() -> None:
    with pytest.raises(InputError, match=r"makes results/demo/table3.csv; .* --profile slurm"):
        check_demo_targets(["snakemake", "--cores", "2", "results/table3.csv"], "results/demo")
