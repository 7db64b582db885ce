"""The name that a rule has here, where another workflow imports it under one of its own."""

import pytest

from maknet.config.rule_settings import own_name


@pytest.mark.parametrize(
    ("rule", "script", "own"),
    [
        ("prepare_series", "scripts/prepare_series.py", "prepare_series"),
        ("ct_prepare_series", "scripts/prepare_series.py", "prepare_series"),
        ("train_control_again", "scripts/train_student.py", "train_control"),
        ("release_audit", "scripts/audit.py", "audit"),
        ("prepare_series_labels", "scripts/build_labels.py", "build_labels"),
        ("mine", "scripts/summarize_series.py", "summarize_series"),
    ],
)
def test_the_name_here(rule: str, script: str, own: str) -> None:
    assert own_name(rule, script) == own
