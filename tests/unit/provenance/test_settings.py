from pathlib import Path

import pytest
import yaml

from maknet.config.settings import Setting
from maknet.files import ROOT
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.settings import changed_settings, keep_config, uses


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("x: {y: 1, z: [1, 2]}\nname: n\n")
    Path("b.yaml").write_text("x: {y: 2}\n")
    return ["a.yaml", "b.yaml"]


def resolved(files: list[str], **more: object) -> dict[str, object]:
    return {"x": {"y": 2, "z": [1, 2]}, "name": "n", "config_files": files, **more}


def test_the_same_files_give_no_change(files: list[str]) -> None:
    name = keep_config(Path("records"), resolved(files))
    assert changed_settings(Path("records"), name) == []
    assert keep_config(Path("records"), resolved(files, jobs={"n": 3})) == name
    for arithmetic in ({"numerics": "native"}, {"precision": "bfloat16"}, {"compile": True}):
        assert keep_config(Path("records"), resolved(files, jobs=arithmetic)) != name


def test_changes_are_named_by_key(files: list[str]) -> None:
    name = keep_config(Path("records"), resolved(files))
    Path("b.yaml").write_text("x: {y: 3, new: 1}\n")
    Path("a.yaml").write_text("x: {y: 1, z: [1]}\n")
    found = {s.key: (s.recorded, s.found) for s in changed_settings(Path("records"), name)}
    assert found == {"x.y": (2, 3), "x.z": ([1, 2], [1]), "x.new": (None, 1), "name": ("n", None)}


def test_what_the_command_line_set_stays(files: list[str]) -> None:
    name = keep_config(Path("records"), resolved(files, seeds=[1]))
    assert changed_settings(Path("records"), name) == []
    kept = yaml.safe_load((Path("records/config") / f"{name}.json").read_text())
    assert kept["set_elsewhere"] == {"seeds": [1]}


def test_a_setting_is_used_by_key_and_value() -> None:
    setting = Setting("training.epochs", 5, 6)
    assert uses({"training": {"epochs": 5}}, setting)
    assert uses({"a": [{"epochs": 5}]}, setting)
    assert not uses({"training": {"epochs": 4}, "size": 5}, setting)
    seeds = Setting("seeds", [1, 2], [3])
    assert uses({"seed": 2}, seeds)
    assert uses({"seeds": [1, 2]}, seeds)
    assert not uses({"seed": 3}, seeds)


def test_paths_are_those_of_every_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside, code = f"{tmp_path}/data/a.csv", f"{ROOT}/config/paper.yaml"
    assert to_portable({"p": [inside, code, "/mnt/b", 3]}) == {
        "p": ["data/a.csv", "checkout:config/paper.yaml", "/mnt/b", 3]
    }
    assert resolve(to_portable(code)) == Path(code)
    assert resolve(to_portable(inside)) == Path("data/a.csv")
