"""The name that a rule has here, and which settings it depends on."""

import pytest

from maknet.config.rule_settings import depends, own_name
from maknet.config.settings import Setting, leaves


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


@pytest.mark.parametrize(
    ("device", "recorded", "found", "changed"),
    [
        ("cpu", None, "bfloat16", True),
        ("cpu", None, "float32", False),  # what it was
        ("cuda", None, "float32", True),
        ("cuda", None, "bfloat16", False),
    ],
)
def test_a_training_depends_on_its_precision_as_it_is_on_its_device(
    device: str, recorded: str | None, found: str | None, changed: bool
) -> None:
    setting, known = Setting("jobs.precision", recorded, found), {"device": device}
    for rule in ("train_lesanet", "train_student", "train_factor", "pretrain_vgg16"):
        assert depends(rule, known, setting) == changed
    assert not depends("predict_scores", {"run": "maknet", **known}, setting)


def test_compiled_steps_are_those_of_trainings() -> None:
    setting = Setting("jobs.compile", False, True)
    assert depends("train_network", {"arch": "maknet"}, setting)
    assert not depends("pseudo_label", {}, setting)


def test_every_setting_has_its_key() -> None:
    settings = {"a": {"b": 1, "c": {"d": None}}, "e": [1, {"f": 2}], "g": {}}
    assert dict(leaves(settings)) == {"a.b": 1, "a.c.d": None, "e": [1, {"f": 2}], "g": {}}
    assert list(leaves({"b": 1}, "a")) == [("a.b", 1)]
