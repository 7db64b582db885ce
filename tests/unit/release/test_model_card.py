"""A model card says what the files of a run say, and warns where no patient was in the data."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from maknet.data.arrays import save_arrays
from maknet.errors import InputError
from maknet.files import write_json, write_rows
from maknet.metrics.coverage import levels
from maknet.metrics.multilabel import MEASURES, PER_LABEL
from maknet.provenance.licenses import COLUMNS
from maknet.provenance.records import Record
from maknet.provenance.roots import file_root
from maknet.release.card_tables import markdown_table, settings_table, training_table
from maknet.release.model_card import FinishedRun, model_card, read_run

LABELS = ("chest", "liver", "left | lung")
THRESHOLDS = {"chest": 0.4, "left | lung": 0.3, "liver": 1.0}  # sorted, as their file is
PER_LABEL_COLUMNS = ("set", "label", "positives", "negatives", "predicted", "threshold", *PER_LABEL)
SLICES = {"window_hu": [-1024, 3071], "size": 96, "crop": "patient", "body_threshold_hu": -500}
PATCHES = {"window_hu": [-1000, 3000], "size": 72, "pixel_mm": 1.5, "offset_mm": 2.5,
           "max_side": 800}  # fmt: skip
WARNING = "Warning: trained on synthetic CT"
DATA = [
    ("Synthetic CT", "labeled images and labels", "", "MIT", "https://x.org/mit", "", "us"),
    ("C4KC", "unlabeled images", "3", "CC BY 3.0", "https://x.org/by", "10.1/c4kc", "They (2019)"),
    ("Synthetic textures", "weights that tables 1 and 3 compare with", "", "MIT", "", "", "us"),
]
TRAINING = {"epochs": 2, "batch_size": 37, "learning_rate": 0.01, "monitor": "auc"}


def record(rule: str, outputs: list[str], inputs: list[str], params: dict[str, Any]) -> Record:
    environment = {
        "python": "3.11.7", "packages": {"torch": "2.9.9", "pandas": None}, "cpu": {},
        "commit": "c0ffee", "clean": True,
    }  # fmt: skip
    return Record(
        rule=rule, wildcards={}, params={"code": "digest", **params},
        inputs=dict.fromkeys(inputs, "in"), outputs=dict.fromkeys(outputs, "5ba256"), script="s.py",
        code="c0de", code_files={}, config="c0nf", environment=environment,
        device={"name": "cpu", "cuda": None, "deterministic": True}, run={},
        folders=["results", "data"], made_from={}, started="2020-05-11T01:02:03+00:00",
        ended="2020-05-11T02:02:03+00:00", exit=0,
    )  # fmt: skip


def keep(name: str, content: Record) -> None:
    write_json(f"results/provenance/{content.rule}/{name}.json", content.__dict__)


def scores(auc: float) -> dict[str, Any]:
    summary = {**dict.fromkeys(MEASURES, 0.4), "auc_frequent": auc, "average_precision": None,
               "never_predicted": 1, "evaluable": 2, "frequent": 1}  # fmt: skip
    return {"lesions": 1638, "patients": 45, "summary": summary}


def write_scores(run: str) -> None:
    rows = []
    for split in ("test", "hand"):
        for place, label in enumerate(LABELS):
            rows.append({
                "set": split, "label": label, "positives": 11 * place, "negatives": 20,
                "predicted": 7 + place, "threshold": THRESHOLDS[label],
                **dict.fromkeys(PER_LABEL, f"0.{place}12345" if place else ""),
            })  # fmt: skip
    write_rows(f"results/metrics/{run}.per_label.csv", PER_LABEL_COLUMNS, rows)
    write_json(f"results/metrics/{run}.json", {"test": scores(0.8125), "hand": scores(0.75)})
    write_json(f"results/thresholds/{run}.json", THRESHOLDS)
    scatter = np.random.default_rng(1).normal(0.8125, 0.01, (50, len(MEASURES)))
    save_arrays(f"results/metrics/{run}.bootstrap.npz", test=scatter, hand=scatter * np.nan)


def write_run(run: str, network: str, shard: str, training: Record) -> None:
    described = {"name": network, "title": network.upper(), "num_labels": len(LABELS), "width": 0.5,
                 "parameters": 68567, "paper_size_parameters": 4503511,
                 "settings": {"dropout": 0.25} if network == "maknet" else {}}  # fmt: skip
    write_json(f"results/runs/{run}/network.json", described)
    rows = [{"epoch": 1, "auc": 0.625}, {"epoch": 2, "auc": 0.5}]
    write_rows(f"results/runs/{run}/history.csv", ("epoch", "auc"), rows)
    prepared = {
        "labeled": record("prepare_lesions", ["data/labeled/train.npy"], [], {"image": SLICES}),
        "patches": record("prepare_patches", ["data/patches/train.npy"], [], {"patch": PATCHES}),
    }[shard]
    keep("train", prepared)
    made = {path: file_root(prepared, path) for path in training.inputs if path in prepared.outputs}
    keep(run, replace(training, made_from=made))
    write_scores(run)


@pytest.fixture(autouse=True)
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a MAKNet of labeled images and a LesaNet that began with the unlabeled ones."""
    monkeypatch.chdir(tmp_path)
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in DATA]
    write_rows("results/data_and_licenses.csv", COLUMNS, rows)
    params = {"seed": 123, "numerics": "portable", "training": TRAINING, "augmentation": None}
    maknet = record("train_network", ["results/runs/maknet/model.safetensors"],
                    ["data/labeled/train.npy"], params)  # fmt: skip
    write_run("maknet", "maknet", "labeled", maknet)
    keep("b1", record("prepare_series", ["data/unlabeled/b1.npy"], ["raw"], {}))
    start = "results/runs/vgg16_tcia/model.safetensors"
    keep("job", record("pretrain_vgg16", [start], ["data/unlabeled/b1.npy"], {"seed": 123}))
    lesanet = record(
        "train_lesanet", ["results/runs/lesanet_tcia/model.safetensors"],
        ["data/patches/train.npy", start],
        {"seed": 123, "learning_rate": 0.003, "lesanet": {**TRAINING, "momentum": 0.9}},
    )  # fmt: skip
    write_run("lesanet_tcia", "lesanet", "patches", lesanet)
    return Path("results")


def card(run: FinishedRun, dataset: str = "deeplesion") -> str:
    return model_card(run, dataset=dataset, confidence=0.9, loading="Load `it` so.\n")


def row(text: str, title: str) -> list[str]:
    """Return the cells of the first row of that title."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[2:-1]]


@pytest.mark.parametrize("dataset", ["phantom", "sample", "deeplesion"])
@pytest.mark.parametrize("run", ["maknet", "lesanet_tcia"])
def test_only_a_phantom_is_warned_of_and_nothing_undefined_is_printed(
    results: Path, run: str, dataset: str
) -> None:
    text = card(read_run(results, run), dataset)
    assert (WARNING in text) == (dataset == "phantom")
    assert ("trying the software" in text) == (dataset == "phantom")
    assert ("one hospital" in text) == (dataset == "deeplesion")
    assert not re.search(r"\b(none|nan|null)\b", text, re.IGNORECASE)
    body = text.split("---\n", 2)[2].strip().split("\n\n")
    assert body[0].startswith("# ")
    assert body[1].startswith("> **") == (dataset != "deeplesion")  # before anything else
    assert "Not for diagnosis" in text
    assert "Load `it` so." in text


def test_the_front_matter_is_that_of_the_hub(results: Path) -> None:
    said = yaml.safe_load(card(read_run(results, "maknet"), "phantom").split("---\n")[1])
    assert said["license"] == "mit"
    assert said["library_name"] == "maknet"
    assert said["pipeline_tag"] == "image-classification"
    assert {"maknet", "phantom"} <= set(said["tags"])
    assert said["datasets"] == ["synthetic-ct"]
    other = yaml.safe_load(card(read_run(results, "lesanet_tcia")).split("---\n")[1])
    assert (other["license"], other["datasets"]) == ("other", ["synthetic-ct", "c4kc"])
    assert other["license_name"]


def test_every_label_has_a_row_with_the_numbers_of_its_file(results: Path) -> None:
    tables = card(read_run(results, "maknet")).split("## Scores by label")[1].split("### ")[1:]
    assert [table.splitlines()[0] for table in tables] == [
        "Text-mined test set", "Hand-labeled test set",
    ]  # fmt: skip
    for table in tables:
        assert row(table, "chest") == ["20", "0", "7", "-", "-", "-", "-", "0.4"]
        assert row(table, "liver") == ["31", "11", "8", *["0.1123"] * 4, "never"]
        assert row(table, r"left \| lung") == ["42", "22", "9", *["0.2123"] * 4, "0.3"]
        assert table.index("chest") < table.index("liver") < table.index("left")  # as the outputs


def test_means_are_those_of_the_file_and_intervals_stand_only_where_they_hold(
    results: Path,
) -> None:
    run = read_run(results, "maknet")
    text = card(run)
    assert row(text, "Images, one for each lesion") == ["1,638", "1,638"]
    assert row(text, "Labels never predicted, of these") == ["1", "1"]
    assert row(text, "Average precision, all labels") == ["-", "-"]
    first, second = row(text, "AUC, frequent labels")
    value, low, high = map(float, re.findall(r"\d\.\d+", first))
    assert (value, (low + high) / 2) == (0.8125, pytest.approx(0.8125, abs=1e-3))
    assert high - low == pytest.approx(2 * 1.645 * 0.01, rel=0.3)
    assert second == "0.7500"  # its resamples are undefined
    scored = text.split("## Scores")[1]
    assert len(re.findall(r"\(\d\.\d+ to ", scored)) == len(levels(1))
    assert "90 % interval" in text
    (results / "metrics/maknet.bootstrap.npz").unlink()
    without = card(read_run(results, "maknet"))
    assert not re.search(r"\(\d\.\d+ to ", without)
    assert "There are no intervals" in without


def test_what_was_done_is_read_from_the_record(results: Path) -> None:
    run = read_run(results, "maknet")
    text = card(run)
    assert row(text, "Parameters") == ["68,567"]
    assert "(B, 3, 96, 96), -1024 to 3071 HU" in text
    assert row(text, "Optimizer") == ["Ranger"]
    assert row(text, "Images a step") == ["37"]
    assert row(text, "Epoch that is kept") == ["the one with the best validation AUC, 0.6250"]
    assert row(text, "Noise") == ["dropout 0.25"]
    assert row(text, "Started from") == ["random weights"]
    assert row(text, "Commit") == ["`c0ffee`"]
    assert row(text, "Packages") == ["python 3.11.7, torch 2.9.9"]
    assert row(text, "`training.batch_size`") == ["`37`"]
    assert "C4KC" not in text  # its run used them, this network did not
    path = "results/runs/maknet/model.safetensors"
    assert run.root == file_root(run.record, path)
    assert f"python -m maknet.audit {path} --root {run.root}\n" in text
    assert "SHA-256 `5ba256`" in text


def test_a_lesanet_takes_patches_and_names_what_it_started_from(results: Path) -> None:
    text = card(read_run(results, "lesanet_tcia"))
    assert "not a slice but a patch" in text
    assert "(B, 3, 72, 72)" in text
    assert row(text, "Optimizer") == ["SGD"]
    assert row(text, "Learning rate at the start") == ["0.003"]
    assert row(text, "Started from") == ["`results/runs/vgg16_tcia/model.safetensors`"]
    assert row(text, "C4KC") == ["unlabeled images", "3", "[CC BY 3.0](https://x.org/by)",
                                 "[10.1/c4kc](https://doi.org/10.1/c4kc)"]  # fmt: skip
    assert "They (2019)" in text
    assert "Synthetic textures" not in text


def test_a_students_images_and_an_unclean_checkout_are_named() -> None:
    student = {"labeled_batch": 8, "unlabeled_batch": 24, "learning_rate": 0.01, "monitor": "last"}
    params = {"student": student, "seed": 1, "augmentation": {"rotation_deg": 8}}
    made = record("train_student", ["w"], ["results/pseudo/round1.npz"], params)
    made = replace(made, environment={**made.environment, "clean": False})
    network = {"settings": {"dropout": 0.5}}
    text = training_table(made, network, [{"epoch": "1", "auc": "0.5"}])
    assert row(text, "Images a step") == ["8 labeled and 24 pseudo-labeled"]
    assert row(text, "Pseudo-labels") == ["`results/pseudo/round1.npz`"]
    assert row(text, "Epoch that is kept") == ["the last"]
    assert row(text, "Noise") == ["augmentation (see the settings), dropout 0.5"]
    assert row(text, "Commit") == ["`c0ffee`, with changes that were not committed"]
    control = replace(made, inputs={}, environment={**made.environment, "commit": None})
    text = training_table(control, network, [])
    assert row(text, "Images a step") == ["8 labeled"]
    assert "no checkout" in row(text, "Commit")[0]


def test_cells_cannot_break_a_table() -> None:
    assert markdown_table(("a",), [("x|y\nz",)]).splitlines()[-1] == r"| x\|y z |"
    assert "`code`" not in settings_table({"code": "digest", "seed": 1})
    assert row(settings_table({"a": {"b": [1, 2], "c": None}}), "`a.b`") == ["`[1, 2]`"]


def test_a_gap_in_the_files_is_an_error_and_no_gap_in_the_card(results: Path) -> None:
    write_json(results / "thresholds/maknet.json", {"chest": 0.4})
    with pytest.raises(InputError, match="other labels"):
        read_run(results, "maknet")
    with pytest.raises(InputError, match="no provenance record"):
        read_run(results, "vgg16")
    (results / "provenance/prepare_patches/train.json").unlink()
    with pytest.raises(InputError, match="how the training's images were prepared"):
        read_run(results, "lesanet_tcia")


def test_a_missing_record_hides_no_license(results: Path) -> None:
    path = results / "provenance/train_lesanet/lesanet_tcia.json"
    text = path.read_text()
    path.write_text(text.replace('"made_from": {', '"made_from": {"data/unlabeled/b2.npy": "r",'))
    with pytest.raises(InputError, match=r"b2\.npy is gone"):
        read_run(results, "lesanet_tcia")
