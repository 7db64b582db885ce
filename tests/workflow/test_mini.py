"""What a run of all rules on a small phantom leaves: its tables, figures and data."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from maknet.data.labels.ontology import exclusive_matrix
from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.files import read_rows, sha256
from tests.workflow.conftest import ROOT

pytestmark = pytest.mark.workflow


def test_table1_is_what_the_runs_say(finished: Path) -> None:
    table = pd.read_csv(finished / "results/demo/table1.csv")
    pretrained = "(synthetic textures, in place of ImageNet)"
    assert table["arch"].tolist() == [
        "VGG16 (random weights)", f"VGG16 {pretrained}", "ResNet18 (random weights)",
        f"ResNet18 {pretrained}", "MAKNet",
    ]  # fmt: skip
    assert set(table["dataset"]) == {"phantom"}
    assert table["paper_size_parameters"].tolist() == [
        14_782_131, 14_782_131, 11_248_847, 11_248_847, 4_503_511,
    ]  # fmt: skip
    for run, row in table.set_index("run").iterrows():
        metrics = json.loads((finished / f"results/demo/metrics/{run}.json").read_text())
        assert row["text_mined_auc"] == pytest.approx(metrics["test"]["summary"]["auc"], rel=1e-5)
        assert 0.3 < row["hand_labeled_auc"] < 1
        network = json.loads((finished / f"results/demo/runs/{run}/network.json").read_text())
        assert row["parameters"] == network["parameters"] < row["paper_size_parameters"]


def test_pretrained_baselines_start_from_the_textures(finished: Path) -> None:
    runs = finished / "results/demo/runs"
    for arch in ("vgg16", "resnet18"):
        loaded = json.loads((runs / f"{arch}_imagenet/transfer.json").read_text())
        assert loaded["sha256"] == sha256(runs / f"{arch}_textures/model.safetensors")
        assert json.loads((runs / f"{arch}/transfer.json").read_text()) is None


def test_table2_has_rows_for_the_teacher_the_control_and_each_student(finished: Path) -> None:
    results = finished / "results/demo"
    table = pd.read_csv(results / "table2.csv")
    assert table["iteration"].tolist() == ["0", "control", "1", "2"]
    assert table["run"].tolist() == ["maknet", "control", "student1", "student2"]
    pairs = pd.read_csv(results / "table2_difference.csv")["difference_of"].unique().tolist()
    assert pairs == [
        "control minus teacher", "student 1 minus control", "student 1 minus teacher",
        "student 2 minus control", "student 2 minus teacher",
    ]  # fmt: skip
    teacher = pd.read_csv(results / "table1.csv").set_index("arch").loc["MAKNet"]
    assert table["hand_labeled_auc"][0] == teacher["hand_labeled_auc"]
    assert "2 rounds, the paper has 5." in (results / "table2.md").read_text()
    assert list(pd.read_csv(results / "table2_by_seed.csv")["seed"]) == [123] * 4


def test_pseudo_labels_cover_all_unlabeled_images_in_every_round(finished: Path) -> None:
    shards = sorted((finished / "data/demo/unlabeled").glob("*.npy"))
    total = sum(len(np.load(shard, mmap_mode="r")) for shard in shards)
    relations = json.loads((finished / "data/demo/labels/relations.json").read_text())
    exclusive = exclusive_matrix(relations["exclusive_pairs"], len(relations["names"]))
    rounds = pd.read_csv(finished / "results/demo/pseudo_labels.csv")
    assert rounds["labeler"].tolist() == ["maknet", "student1", "student2"]
    assert set(rounds["images"] + rounds["excluded"]) == {total}
    for number, row in rounds.set_index("round").iterrows():
        labels = load_pseudo_labels(finished / f"results/demo/pseudo/round{number}.npz")
        positive = labels.positive(np.arange(total))
        assert positive[~labels.excluded].sum(1).mean() == pytest.approx(
            row["labels_per_image"], rel=1e-5
        )
        assert (labels.score[labels.label >= 0] > 0.5).all()
        assert not np.einsum("ni,ij,nj->n", positive, exclusive, positive, dtype=int).any()


def test_table3_compares_the_ways_to_start(finished: Path) -> None:
    results = finished / "results/demo"
    table = pd.read_csv(results / "table3.csv")
    assert table["method"].tolist() == [
        "LesaNet (synthetic textures, in place of ImageNet)",
        "LesaNet (phantom CT, in place of TCIA)",
        "LesaNet (random weights, learning rate 0.03)",
        "LesaNet (random weights, learning rate 0.01)",
    ]
    loaded = {arm: json.loads((results / f"runs/lesanet_{arm}/transfer.json").read_text())
              for arm in ("imagenet", "tcia", "scratch")}  # fmt: skip
    assert loaded["scratch"] is None
    assert loaded["tcia"]["sha256"] == sha256(results / "runs/vgg16_tcia/model.safetensors")
    assert loaded["imagenet"]["backbone_sha256"] != loaded["tcia"]["backbone_sha256"]
    gap = pd.read_csv(results / "table3_difference.csv")
    assert gap["metric"][0] == "auc"
    assert gap["labels"][0] == "all"
    assert gap["difference"][0] == pytest.approx(
        table["text_mined_auc"][1] - table["text_mined_auc"][0], abs=1e-5
    )
    labels = json.loads((finished / "data/demo/lesion_labels/relations.json").read_text())["names"]
    assert len(labels) > 49  # more than the body parts of tables 1 and 2


@pytest.mark.parametrize("number", [1, 2, 3])
def test_no_phantom_number_stands_beside_the_papers(finished: Path, number: int) -> None:
    table = pd.read_csv(finished / f"results/demo/table{number}_vs_paper.csv")
    assert set(table["dataset"]) == {"phantom"}
    assert table["ours"].notna().all()
    assert table["paper"].isna().all()
    assert table["difference"].isna().all()


def test_counts_and_overlap_say_that_they_are_a_phantoms(finished: Path) -> None:
    results = finished / "results/demo"
    counts = read_rows(results / "counts_vs_paper.csv")
    assert {row["dataset"] for row in counts} == {"phantom"}
    assert {row[column] for row in counts for column in ("paper", "read_as", "agrees")} == {""}
    by_what = {row["what"]: row["ours"] for row in counts}
    train = read_rows(finished / "data/demo/labeled/train.csv")
    assert int(by_what["training images"]) == len(train)
    overlap = read_rows(results / "overlap.csv")
    assert len(overlap) == 2 * 6
    assert {row["dataset"] for row in overlap} == {"phantom"}
    assert {row[f"shared_{what}"] for row in overlap for what in ("lesions", "patients")} == {"0"}
    for page in ("overlap", "counts_vs_paper"):
        assert f"{page} (phantom)" in (results / f"pages/{page}.html").read_text()


def test_refused_series_are_listed_and_counts_add_up(finished: Path) -> None:
    reasons = [row["reason"] for row in read_rows(finished / "results/demo/rejected.csv")]
    assert sorted(reasons) == ["localizer", "too_few_slices"]
    funnel = {
        r["step"]: int(r["series"]) for r in read_rows(finished / "results/demo/series_funnel.csv")
    }
    assert funnel["found"] == 7 == len(reasons) + funnel["accepted"]


def test_a_series_of_a_test_patient_is_found_and_seen_by_no_network(finished: Path) -> None:
    pairs = read_rows(finished / "results/demo/duplicates.csv")
    assert {row["dataset"] for row in pairs} <= {"phantom"}
    excluded = read_rows(finished / "data/demo/excluded.csv")
    left_out = {row["series_uid"] for row in excluded}
    evaluated = {
        row["series_2"] for row in pairs
        if row["verdict"] == "confirmed" and row["set_1"] in ("val", "test", "hand")
        and row["set_2"] == "unlabeled"
    }  # fmt: skip
    assert evaluated <= left_out
    labels = load_pseudo_labels(finished / "results/demo/pseudo/round1.npz")
    assert labels.excluded.sum() == len(excluded)
    assert not labels.labels_per_image()[labels.excluded].any()
    collections = read_rows(finished / "results/demo/duplicates_vs_collections.csv")
    assert sum(int(row["images"]) for row in collections) == len(labels)


def test_history_and_events_are_there(finished: Path) -> None:
    run = finished / "results/demo/runs/maknet"
    assert list(pd.read_csv(run / "history.csv")["epoch"]) == [1, 2]
    assert any((run / "events").iterdir())


def test_receipts_list_every_file(finished: Path) -> None:
    data = finished / "data/demo/phantom"
    listed = [row for path in (data / "receipts").iterdir() for row in read_rows(path)]
    assert len(listed) == sum(1 for p in (data / "series").rglob("*.dcm"))


def test_the_markdown_page_shows_what_is_there(finished: Path) -> None:
    results = finished / "results/demo"
    text = (results / "README.md").read_text()
    assert "not comparable with the paper" in text
    for number in (1, 2, 3):
        assert f"## Table {number}" in text
    shown = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(shown) == 10
    assert all((results / name).is_file() for name in shown)


def test_the_folder_of_tests_leaves_nothing_in_the_checkout() -> None:
    assert not (ROOT / "tests" / "workflow" / "results").exists()
