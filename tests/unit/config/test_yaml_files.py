from pathlib import Path

import pytest

from maknet.config.yaml_files import check_yaml_files
from maknet.errors import InputError
from maknet.files import ROOT


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "config").glob("*.yaml")))
def test_the_shipped_files_say_nothing_twice(name: str) -> None:
    check_yaml_files([ROOT / "config" / name])


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "\ufeffa: 1\n", "a: &x {b: 1}\nc: *x\nd: *x\n", "a: [{b: 1}, {b: 2}]\n",
     "a:\n  <<: {b: 1}\n  b: 2\n", '{"a": {"b": [1, 2]}}', "a: {b: 1}\nc: {b: 1}\n"],
)  # fmt: skip
def test_what_is_said_once_passes(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    check_yaml_files([tmp_path / "c.yaml"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training:\n  epochs: 3\n  loss: 1\n  epochs: 4\n",
         "the key 'training.epochs' occurs again in line 4"),
        ("device: cpu\ntraining: {}\ndevice: cuda\n", "the key 'device' occurs again in line 3"),
        ("a:\n- b: 1\n- {c: 1, c: 2}\n", "the key 'a.c' occurs again in line 3"),
        ('a: {"b": 1,\n b: 2}\n', "the key 'a.b' occurs again in line 2"),
        ('{"a": 1, "a": 2}', "the key 'a' occurs again in line 1"),
        ("a: &x\n  b: *x\n", "what begins in line 1 holds itself"),
        ("seeds: &x [1, *x]\n", "what begins in line 1 holds itself"),
        ("a: &x {b: [{c: *x}]}\n", "holds itself"),
        ("[" * 100_000, "is not a usable YAML file"),
        ("a: [1\n", "is not a usable YAML file"),
        ("a: *nowhere\n", "is not a usable YAML file"),
        ("a: 1\n--- \nb: 2\n", "is not a usable YAML file"),
    ],
    ids=range(12),
)  # fmt: skip
def test_what_yaml_passes_in_silence_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InputError, match=r"c\.yaml") as caught:
        check_yaml_files([tmp_path / "c.yaml"])
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_names_of_one_section_take_no_time(tmp_path: Path) -> None:
    """A billion laughs: as many ways through the file, but few sections."""
    lines = ["a0: &a0 {x: 1}"]
    lines += [f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}" for n in range(1, 40)]
    (tmp_path / "c.yaml").write_text("\n".join(lines))
    check_yaml_files([tmp_path / "c.yaml"])


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not a usable YAML file"):
        check_yaml_files([tmp_path / "c.yaml"])
