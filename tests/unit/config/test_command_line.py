"""What `--config` says has the types of a file."""

from typing import Any

from maknet.config.command_line import set_types


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
