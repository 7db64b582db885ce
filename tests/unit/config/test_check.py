import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config

from maknet.config.check import check_config
from maknet.config.inputs import (
    labeled_files,
    series_batches,
    shared_patients,
    unlabeled_slices,
)
from maknet.errors import InputError
from maknet.files import ROOT

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


def merged(*overlays: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    for name in ("paper", *overlays):
        update_config(config, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    return config


@pytest.fixture
def demo() -> dict[str, Any]:
    return merged("demo")


def complaint(config: dict[str, Any]) -> str:
    with pytest.raises(InputError) as caught:
        check_config(config, SCHEMA)
    return str(caught.value)


def change(config: dict[str, Any], key: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    *sections, last = key.split(".")
    section = changed
    for name in sections:
        section = section[name]
    section[last] = value
    return changed


def test_the_shipped_demo_is_valid(demo: dict[str, Any]) -> None:
    check_config(demo, SCHEMA)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("training.epoch", 3, "'training.epoch'; did you mean 'epochs'?"),
        ("trainning", {}, "'trainning'; did you mean 'training'?"),
        ("training.epochs", "ten", "'training.epochs' must be a whole number, not 'ten'"),
        ("deeplesion.files", 3, "'deeplesion.files' must be text or null, not 3"),
        ("training.epochs", 0, "'training.epochs' is out of range"),
        ("training.learning_rate", -1, "'training.learning_rate' is out of range"),
        ("networks.maknet.kernel_size", 4, "'networks.maknet.kernel_size' must be odd"),
        ("networks.maknet.layers", [3], "must have the same length"),
        ("image.window_hu", [100, -100], "'image.window_hu' must be ascending"),
        ("evaluation.threshold_grid", [0.5, 0.3], "'evaluation.threshold_grid' must be ascending"),
        ("device", "gpu", "'device' is out of range"),
        ("labeled.source", "folder", "'labeled.folder' is missing"),
        ("phantom.nuisances.scoutt", 1, "did you mean"),
        ("training.epochs", 12.0, "'training.epochs' must be a whole number"),
        ("training.learning_rate", float("nan"), "'training.learning_rate' must be finite"),
        ("generic", "imagenet", "'networks.vgg16.width' must be 1"),
        ("networks.maknet", {"widths": [8] * 7, "layers": [3] * 7}, "is missing"),
        ("dataset", "deeplesion", "synthetic data must be called phantom"),
        ("labeled.shared_patients", "some", "'labeled.shared_patients' is out of range"),
        ("labeled.shared_patients", ["17"], "'labeled.shared_patients.0' must be a whole number"),
        ("labeled.expect_counts", {"train": 5}, "'labeled.expect_counts.val' is missing"),
        ("tcia.leave_out", ["a/b/c"], "'tcia.leave_out.0' is out of range"),
        ("jobs.precision", "float16", "'jobs.precision' is out of range"),
        ("jobs.precision", "bfloat16", "jobs.precision: bfloat16 on the CPU with jobs.numerics"),
        ("jobs.compile", True, "set jobs.numerics: native as well"),
    ],
)
def test_each_mistake_names_its_key(
    demo: dict[str, Any], key: str, value: object, words: str
) -> None:
    sentence = complaint(change(demo, key, value))
    assert words in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("key", ["device", "jobs.numerics"])
def test_what_one_cpu_computes_in_its_own_way_stands_with_native_or_a_gpu(
    demo: dict[str, Any], key: str
) -> None:
    demo["jobs"] |= {"precision": "bfloat16", "compile": True}
    assert "jobs.precision: bfloat16 on the CPU" in complaint(demo)
    check_config(change(demo, key, "cuda" if key == "device" else "native"), SCHEMA)


def test_keys_that_are_no_text_and_too_many_blocks_are_named(demo: dict[str, Any]) -> None:
    assert "1 below 'image' is not text" in complaint(change(demo, "image", {1: 2}))
    demo["networks"]["maknet"] |= {"widths": [8] * 7, "layers": [3] * 7}
    assert "'image.size' is too small for 7 blocks" in complaint(demo)


def test_a_file_beside_the_series_is_no_series(demo: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "s1").mkdir()
    (tmp_path / "s1" / "1.dcm").touch()
    (tmp_path / "LICENSE").touch()
    demo["unlabeled"] |= {"source": "folder", "folder": str(tmp_path)}
    assert series_batches(demo) == {"batch0000": ["s1"]}


def test_a_missing_key_is_named(demo: dict[str, Any]) -> None:
    del demo["loss"]["gamma"]
    assert "'loss.gamma' is missing" in complaint(demo)


def test_a_phantom_needs_its_section(demo: dict[str, Any]) -> None:
    del demo["phantom"]
    assert "'labeled.source' is phantom" in complaint(demo)


def test_an_unset_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAKNET_REAL_DATA", raising=False)
    assert "MAKNET_REAL_DATA, which is not set" in complaint(merged("sample"))


def test_a_missing_folder_is_named(
    monkeypatch: pytest.MonkeyPatch, demo: dict[str, Any], tmp_path: Path
) -> None:
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    demo["unlabeled"] |= {"source": "folder", "folder": "$SCRATCH/none"}
    assert f"'unlabeled.folder' names the folder {tmp_path}/none" in complaint(demo)


@pytest.mark.parametrize("key", ["results", "data"])
def test_a_folder_that_cannot_be_made_is_named(
    demo: dict[str, Any], tmp_path: Path, key: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "good").symlink_to(tmp_path)
    for folder, words in (
        ("file", "file is a file; remove it or name another"), ("file/below", "file is a file"),
        ("link", "link is a broken link"), ("link/below/it", "link is a broken link"),
    ):  # fmt: skip
        demo["paths"][key] = str(tmp_path / folder)
        sentence = complaint(demo)
        assert sentence.startswith(f"The configuration key 'paths.{key}' names the folder")
        assert words in sentence
    demo["paths"][key] = str(tmp_path / "good" / "below")
    check_config(demo, SCHEMA)


@pytest.mark.parametrize("spelling", ["own", "own/", "./own", "x/../own", "{here}/own", "$PWD/own"])
def test_one_folder_has_one_spelling(
    demo: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    demo["paths"] = {"results": spelling.format(here=tmp_path), "data": "/elsewhere/data/"}
    check_config(demo, SCHEMA)
    assert demo["paths"] == {"results": "own", "data": "/elsewhere/data"}


@pytest.mark.parametrize(
    ("results", "words"),
    [
        ("out/", "'paths.results' and 'paths.data' are both out"),
        ("~/out", "~ is not expanded; write $HOME"),
        (".", "name one of its own"),
    ],
)
def test_a_results_folder_is_one_of_its_own(demo: dict[str, Any], results: str, words: str) -> None:
    demo["paths"] = {"results": results, "data": "out"}
    assert words in complaint(demo)


@pytest.mark.parametrize("key", ["deeplesion.zips", "tcia.nbia_url", "tcia.idc_endpoint"])
def test_a_mirror_has_an_address_of_the_web(demo: dict[str, Any], key: str) -> None:
    said = complaint(change(demo, key, "file:///mnt/mirror"))
    assert f"'{key}' is file:///mnt/mirror; name an address that begins with http://" in said
    check_config(change(demo, key, "https://mirror.example/x"), SCHEMA)


def test_a_list_that_holds_itself_is_named(demo: dict[str, Any]) -> None:
    demo["seeds"].append(demo["seeds"])
    assert "'seeds' holds itself" in complaint(demo)


def test_phantom_batches_cover_the_archive_once(demo: dict[str, Any]) -> None:
    batches = series_batches(demo)
    count = demo["phantom"]["clean_series"] + sum(demo["phantom"]["nuisances"].values())
    assert [n for part in batches.values() for n in part] == [str(n) for n in range(count)]
    assert max(map(len, batches.values())) == demo["unlabeled"]["batch_size"]


def test_folder_batches_find_series_at_any_depth(demo: dict[str, Any], tmp_path: Path) -> None:
    for name in ("p1/s1/a", "p1/s1/b", "p2"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1.dcm").touch()
    demo["unlabeled"] |= {"source": "folder", "folder": str(tmp_path), "batch_size": 2}
    assert series_batches(demo) == {"batch0000": ["p1/s1/a", "p1/s1/b"], "batch0001": ["p2"]}


def test_an_empty_folder_is_refused(demo: dict[str, Any], tmp_path: Path) -> None:
    demo["unlabeled"] |= {"source": "folder", "folder": str(tmp_path)}
    with pytest.raises(InputError, match="holds no folder with files"):
        series_batches(demo)


def test_labeled_files_are_where_the_source_says(demo: dict[str, Any]) -> None:
    assert labeled_files(demo)["dl_info"] == "data/demo/phantom/deeplesion/DL_info.csv"
    assert labeled_files(merged())["dl_info"] == "data/deeplesion/DL_info.csv"
    assert labeled_files(merged("sample"))["dl_info"].startswith("$MAKNET_REAL_DATA")


def test_a_list_without_addresses_needs_the_other_route(tmp_path: Path) -> None:
    config = merged()
    (tmp_path / "m.csv").write_text("SeriesInstanceUID\n1.2.3\n")
    config["tcia"] |= {"manifest": str(tmp_path / "m.csv"), "leave_out": []}
    with pytest.raises(InputError, match=r"no IDC address .* for 1 series.*tcia\.route: nbia"):
        series_batches(config)
    config["tcia"]["route"] = "nbia"
    assert list(series_batches(config)) == ["batch0000"]


def test_the_papers_list_is_used_without_patients_of_deeplesions_hospital() -> None:
    config = merged()
    assert len(series_batches(config)) == 370
    assert unlabeled_slices(config) == 1_380_965
    config["tcia"]["leave_out"] = []
    assert len(series_batches(config)) == 384
    assert unlabeled_slices(config) == 1_523_679


@pytest.mark.parametrize(
    ("source", "key", "allowed"),
    [("deeplesion", "published", None), ("folder", "published", []), ("phantom", "published", []),
     ("deeplesion", [614], [614]), ("folder", [17, 42], [17, 42])],
)  # fmt: skip
def test_patients_may_be_in_two_splits_only_as_published_or_listed(
    source: str, key: str | list[int], allowed: list[int] | None
) -> None:
    config = merged()
    config["labeled"] |= {"source": source, "shared_patients": key}
    assert shared_patients(config) == allowed
