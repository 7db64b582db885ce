from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from maknet.config.manifest import read_manifest
from maknet.data.labels.label_table import load_labels
from maknet.files import ROOT, read_rows, write_rows
from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.paper_counts import (
    COLUMNS,
    compare_counts,
    count_labeled,
    count_labels,
    count_networks,
    count_training,
    count_unlabeled,
)

PAPER = read_rows(ROOT / "config/paper_counts.csv")
CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
# What a run on the paper's own data would count.
PRINTED = {
    "deeplesion_slices": 32_120, "lesion_types": 8, "labels": 171, "bodypart_labels": 115,
    "type_labels": 27, "attribute_labels": 29, "labeled_images": 21_511, "train_images": 17_697,
    "val_images": 1_686, "test_images": 1_638, "hand_file_lesions": 500, "hand_images": 490,
    "site_labels": 115, "fewest_slices": 51, "unlabeled_slices": 1_514_337, "volumes": 6_568,
    "subjects": 3_653, "unlabeled_images": 504_779, "vgg16_parameters": 14_782_131,
    "resnet18_parameters": 11_248_847, "maknet_parameters": 4_503_511, "below_vgg16": 69.5341,
    "below_resnet18": 59.9647, "best_text_mined": 3, "best_hand_labeled": 3,
}  # fmt: skip


def training_counts(
    counts: dict[str, float], images: int = 504_779, without_label: int = 0
) -> dict[str, float]:
    sections = (CONFIG[name] for name in ("training", "student", "pseudo_labels"))
    row = {"images": str(images), "without_label": str(without_label)}
    return count_training(counts, *sections, [row] * 6)


def table1(arch: list[str], parameters: list[int], **metrics: list[float]) -> pd.DataFrame:
    """Table 1 with the given metrics of both test sets."""
    columns = {f"{name}_{metric}": metrics[metric]
               for name in ("text_mined", "hand_labeled") for metric in METRICS}  # fmt: skip
    return pd.DataFrame({"arch": arch, "parameters": parameters, **columns})


def test_the_papers_numbers_agree_with_themselves() -> None:
    ours = PRINTED | training_counts(dict(PRINTED))
    rows = compare_counts("deeplesion", ours, PAPER)
    assert [row["what"] for row in rows if row["agrees"] != "True"] == []
    assert len(rows) == len(PAPER)
    assert all(set(row) == set(COLUMNS) for row in rows)
    assert ours["training_images"] == 522_476
    assert ours["unlabeled_epochs"] == pytest.approx(3.512, abs=1e-3)
    total = sum(PRINTED[f"{split}_images"] for split in ("train", "val", "test", "hand"))
    assert total == PRINTED["labeled_images"]


def test_what_differs_and_what_was_not_counted_say_so() -> None:
    rows = compare_counts("deeplesion", {"volumes": 7_324, "unlabeled_slices": 1_380_965}, PAPER)
    by_what = {row["what"]: row for row in rows}
    volumes = by_what["unlabeled volumes"]
    assert (volumes["ours"], volumes["paper"], volumes["agrees"]) == ("7324", "6568", "False")
    slices = by_what["slices of the unlabeled volumes"]
    assert slices["read_as"] == "1500000 to 1549999"
    assert slices["agrees"] == "False"
    subjects = by_what["subjects of the unlabeled volumes"]
    assert (subjects["ours"], subjects["paper"], subjects["agrees"]) == ("", "3653", "")


@pytest.mark.parametrize("dataset", ["phantom", "sample"])
def test_other_data_never_stand_beside_the_papers(dataset: str) -> None:
    rows = compare_counts(dataset, PRINTED, PAPER)
    assert {row["dataset"] for row in rows} == {dataset}
    assert {(row["paper"], row["read_as"], row["agrees"]) for row in rows} == {("", "", "")}
    assert rows[0]["ours"] == "32120"


def test_networks_are_counted_for_each_start_of_the_baselines() -> None:
    names = ["VGG16 (random weights)", "ResNet18 (random weights)", "VGG16 (ImageNet)",
             "ResNet18 (ImageNet)", "MAKNet"]  # fmt: skip
    table = table1(
        names, [14_782_131, 11_248_847, 14_782_131, 11_248_847, 4_503_511],
        auc=[0.8, 0.8, 0.9, 0.8, 0.85], f1=[0.1, 0.1, 0.1, 0.3, 0.2],
        precision=[0.5, 0.4, 0.1, 0.1, 0.45], recall=[0.1, 0.1, 0.1, 0.1, 0.1],
    )  # fmt: skip
    counts = count_networks(table)
    assert counts["below_vgg16"] == pytest.approx(69.534, abs=1e-3)
    assert counts["below_resnet18"] == pytest.approx(59.965, abs=1e-3)
    for name in ("text_mined", "hand_labeled"):  # a tie is no best
        assert counts[f"best_{name} (random weights)"] == 2
        assert counts[f"best_{name} (ImageNet)"] == 1
    rows = [row for row in compare_counts("phantom", counts, PAPER) if "four" in row["what"]]
    assert [row["what"][-16:] for row in rows[:2]] == ["(random weights)", "t set (ImageNet)"]
    assert len(rows) == 4


def test_the_papers_own_table_has_maknet_best_in_three_of_four() -> None:
    printed = pd.read_csv(ROOT / "config/paper_tables.csv").query("table == 1")
    columns = {name: printed[name].tolist() for name in printed.columns if "_" in name}
    parameters = [14_780_000, 11_250_000, 4_500_000]
    table = pd.DataFrame({"arch": printed["row"].tolist(), "parameters": parameters, **columns})
    counts = count_networks(table)
    assert counts["best_text_mined"] == counts["best_hand_labeled"] == 3
    assert counts["below_vgg16"] == pytest.approx(69.55, abs=5e-3)
    assert counts["below_resnet18"] == pytest.approx(60)


def write_series(path: Path, rows: list[tuple[str, str, int, int]]) -> Path:
    names = ("series_uid", "status", "slices", "triplets")
    write_rows(path, names, [dict(zip(names, row, strict=True)) for row in rows])
    return path


def test_only_accepted_series_are_counted(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text(
        "SeriesInstanceUID,collection_id,PatientID,labels\n"
        "1.1,a,P,chest\n1.2,a,P,chest|abdomen\n1.3,b,P,pelvis\n1.4,b,Q,liver\n"
    )
    tables = [
        write_series(
            tmp_path / "1.csv", [("1.1", "accepted", 60, 20), ("1.2", "accepted", 70, 23)]
        ),
        write_series(tmp_path / "2.csv", [("1.3", "accepted", 55, 18), ("", "refused", 0, 0)]),
    ]
    assert count_unlabeled(tables, read_manifest(manifest, 2, True)) == {
        "volumes": 3, "unlabeled_slices": 185, "unlabeled_images": 61, "fewest_slices": 55,
        "subjects": 2, "site_labels": 3,
    }  # fmt: skip
    assert "subjects" not in count_unlabeled(tables, [])


def test_nothing_unlabeled_is_no_division_by_nothing() -> None:
    assert "unlabeled_epochs" not in training_counts({"train_images": 64}, images=0)


def test_images_that_no_student_sees_are_no_part_of_its_epochs() -> None:
    found = training_counts({"train_images": 17_697}, images=457_768, without_label=73_000)
    assert found["unlabeled_epochs"] == pytest.approx(277 * 100 * 64 / 384_768)
    assert found["training_images"] == 17_697 + 457_768


@pytest.mark.real
def test_published_labels_are_counted(real_data: Path, tmp_path: Path) -> None:
    """171 = 115 + 27 + 29 labels and 500 hand-labeled lesions, from the published files."""
    labels = real_data / "labels"
    files = [labels / name for name in ("text_mined_labels_171_and_split.json",
             "hand_labeled_test_set.json", "lesion_ontology_181022.xlsx")]  # fmt: skip
    paths = []
    for classes in (("bodypart",), ("bodypart", "type", "attribute")):
        kept = {name: kind for kind in classes
                for name in load_labels(*files, classes=(kind,))["train"].names}  # fmt: skip
        paths.append(tmp_path / f"{len(kept)}.csv")
        write_rows(paths[-1], ("label", "class"),
                   [{"label": name, "class": kind} for name, kind in kept.items()])  # fmt: skip
    counts = count_labels(*paths)
    assert counts == {
        "labels": 171, "bodypart_labels": 115, "type_labels": 27, "attribute_labels": 29,
    }  # fmt: skip
    sample = real_data / "deeplesion"
    found = count_labeled(sample / "DL_info.csv", labels / "hand_labeled_test_set.json", {})
    assert found["hand_file_lesions"] == 500
    assert found["deeplesion_slices"] == 16
    assert found["lesion_types"] == 2
