"""All rules on a small phantom, in the order a user meets them."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image

from maknet.data.labels.ontology import exclusive_matrix
from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.files import read_rows, sha256
from maknet.provenance.code import reachable_files
from tests.workflow.conftest import MINI, ROOT, Run

pytestmark = pytest.mark.workflow


def jobs(stdout: str) -> dict[str, int]:
    """Read the job table of a dry run."""
    lines = [line.split() for line in stdout.splitlines()]
    return {
        part[0]: int(part[1])
        for part in lines
        if len(part) == 2 and part[1].isdigit() and not part[0].endswith(":")
    }


def test_table1_is_what_the_runs_say(finished: Path) -> None:
    table = pd.read_csv(finished / "results/demo/table1.csv")
    assert table["arch"].tolist() == ["VGG16", "ResNet18", "MAKNet"]
    assert set(table["dataset"]) == {"phantom"}
    assert table["paper_size_parameters"].tolist() == [14_782_131, 11_248_847, 4_503_511]
    for arch, row in table.set_index("arch").iterrows():
        metrics = json.loads((finished / f"results/demo/metrics/{arch.lower()}.json").read_text())
        assert row["text_mined_auc"] == pytest.approx(metrics["test"]["summary"]["auc"], rel=1e-5)
        assert 0.3 < row["hand_labeled_auc"] < 1
        network = json.loads(
            (finished / f"results/demo/runs/{arch.lower()}/network.json").read_text()
        )
        assert row["parameters"] == network["parameters"] < row["paper_size_parameters"]


def test_table2_has_a_row_for_the_teacher_and_each_student(finished: Path) -> None:
    results = finished / "results/demo"
    table = pd.read_csv(results / "table2.csv")
    assert table["iteration"].tolist() == [0, 1, 2]
    teacher = pd.read_csv(results / "table1.csv").set_index("arch").loc["MAKNet"]
    assert table["hand_labeled_auc"][0] == teacher["hand_labeled_auc"]
    assert "2 rounds, the paper has 5." in (results / "table2.md").read_text()
    assert list(pd.read_csv(results / "table2_by_seed.csv")["seed"]) == [123, 123, 123]


def test_pseudo_labels_cover_all_unlabeled_images_in_every_round(finished: Path) -> None:
    shards = sorted((finished / "data/demo/unlabeled").glob("*.npy"))
    total = sum(len(np.load(shard, mmap_mode="r")) for shard in shards)
    relations = json.loads((finished / "data/demo/labels/relations.json").read_text())
    exclusive = exclusive_matrix(relations["exclusive_pairs"], len(relations["names"]))
    rounds = pd.read_csv(finished / "results/demo/pseudo_labels.csv")
    assert rounds["labeler"].tolist() == ["maknet", "student1", "student2"]
    assert set(rounds["images"]) == {total}
    for number, row in rounds.set_index("round").iterrows():
        labels = load_pseudo_labels(finished / f"results/demo/pseudo/round{number}.npz")
        positive = labels.positive(np.arange(total))
        assert positive.sum(1).mean() == pytest.approx(row["labels_per_image"], rel=1e-5)
        assert (labels.score[labels.label >= 0] > 0.5).all()
        assert not np.einsum("ni,ij,nj->n", positive, exclusive, positive, dtype=int).any()


def test_table3_compares_three_ways_to_start(finished: Path) -> None:
    results = finished / "results/demo"
    table = pd.read_csv(results / "table3.csv")
    assert table["method"].tolist() == [
        "LesaNet (drawn textures, in place of ImageNet)",
        "LesaNet (phantom CT, in place of TCIA)",
        "LesaNet (random weights)",
    ]
    loaded = {arm: json.loads((results / f"runs/lesanet_{arm}/transfer.json").read_text())
              for arm in ("imagenet", "tcia", "scratch")}  # fmt: skip
    assert loaded["scratch"] is None
    assert loaded["tcia"]["sha256"] == sha256(results / "runs/vgg16_tcia/model.safetensors")
    assert loaded["imagenet"]["backbone_sha256"] != loaded["tcia"]["backbone_sha256"]
    gap = pd.read_csv(results / "table3_difference.csv")
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
    assert funnel["found"] == 6 == len(reasons) + funnel["accepted"]


def test_history_and_events_are_there(finished: Path) -> None:
    run = finished / "results/demo/runs/maknet"
    assert list(pd.read_csv(run / "history.csv")["epoch"]) == [1, 2]
    assert any((run / "events").iterdir())


def test_receipts_list_every_file(finished: Path) -> None:
    data = finished / "data/demo/phantom"
    listed = [row for path in (data / "receipts").iterdir() for row in read_rows(path)]
    assert len(listed) == sum(1 for p in (data / "series").rglob("*.dcm"))


def test_a_second_run_does_nothing(finished: Path, snakemake: Run) -> None:
    done = snakemake(finished, configfiles=MINI)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stderr


def test_a_deleted_table_runs_one_job_and_comes_back_the_same(copied: Path, snakemake: Run) -> None:
    target = copied / "results/demo/table1.csv"
    before = sha256(target)
    target.unlink()
    planned = snakemake(copied, "results/demo/table1.csv", "--dry-run", configfiles=MINI)
    assert jobs(planned.stdout + planned.stderr) == {"make_table1": 1, "total": 1}
    done = snakemake(copied, "results/demo/table1.csv", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sha256(target) == before


@pytest.mark.parametrize(
    ("figure", "rule"),
    [("figure1.png", "draw_architecture"), ("figure3.png", "draw_explanations"),
     ("figure4.pdf", "draw_explanations"), ("curves.png", "draw_training_curves"),
     ("deletion.png", "summarize_explanations")],
)  # fmt: skip
def test_a_deleted_figure_runs_one_job_without_torch_and_comes_back_the_same(
    copied: Path, snakemake: Run, figure: str, rule: str
) -> None:
    target = copied / "results/demo" / figure
    before = sha256(target)
    target.unlink()
    done = snakemake(copied, f"results/demo/{figure}", configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.findall(r"^(?:local)?rule (\w+):", done.stdout + done.stderr, re.MULTILINE) == [rule]
    assert sha256(target) == before
    code = code_digest_files(rule)
    assert not [path for path in code if "torch" in imported_packages(path)]


def code_digest_files(rule: str) -> list[Path]:
    """Return the script of a rule and all of the library that it reaches."""
    rules = (ROOT / "workflow/rules/figures.smk").read_text()
    script = re.search(rf"^rule {rule}:.*?\.\./\.\./(scripts/\w+\.py)", rules, re.M | re.S)
    assert script is not None
    return reachable_files(ROOT / script[1])


def imported_packages(path: Path) -> set[str]:
    return set(re.findall(r"^(?:import|from) (\w+)", path.read_text(), re.MULTILINE))


def test_a_changed_setting_reruns_what_depends_on_it(
    copied: Path, snakemake: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("loss: {gamma: 1.0}\n")
    planned = snakemake(copied, "--dry-run", configfiles=(*MINI, str(other)))
    assert jobs(planned.stdout + planned.stderr) == {
        "train_network": 3, "train_student": 2, "pseudo_label": 3, "summarize_pseudo_labels": 1,
        "predict_scores": 7, "pretrain_vgg16": 1, "pretrain_textures": 1, "train_lesanet": 2,
        "compute_metrics": 7, "make_table1": 1, "make_table2": 1, "make_table3": 1,
        "compare_with_paper": 3, "draw_training_curves": 1, "all": 1, "explain_run": 2,
        "describe_architecture": 1, "draw_architecture": 1, "draw_noisy_student": 1,
        "draw_explanations": 2, "summarize_explanations": 1, "make_page": 6, "write_readme": 1,
        "write_ro_crate": 1, "total": 51,
    }  # fmt: skip


def test_how_jobs_run_and_further_rounds_rerun_no_training(
    copied: Path, snakemake: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("jobs: {loader_threads: 3, checkpoint_s: 1}\n")
    planned = snakemake(copied, "--dry-run", configfiles=(*MINI, str(other)))
    assert "Nothing to be done" in planned.stdout + planned.stderr
    other.write_text("student: {rounds: 3}\n")
    planned = snakemake(copied, "--dry-run", configfiles=(*MINI, str(other)))
    assert jobs(planned.stdout + planned.stderr) == {
        "train_student": 1, "pseudo_label": 1, "summarize_pseudo_labels": 1, "predict_scores": 2,
        "pretrain_vgg16": 1, "train_lesanet": 1, "compute_metrics": 2, "make_table2": 1,
        "make_table3": 1, "compare_with_paper": 2, "draw_training_curves": 1,
        "draw_noisy_student": 1, "make_page": 4, "write_readme": 1, "all": 1,
        "write_ro_crate": 1, "total": 22,
    }  # fmt: skip


def test_several_seeds_repeat_tables_1_and_2(copied: Path, snakemake: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("seeds: [123, 7]\nstudent: {rounds: 1}\n")
    done = snakemake(
        copied, "results/demo/table1.csv", "results/demo/table2.csv",
        configfiles=(*MINI, str(other)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not re.search("rule (train_network|train_student):.*seed=,", done.stderr)
    for name, key, lines in (("table1", "arch", 3), ("table2", "iteration", 2)):
        table = pd.read_csv(copied / f"results/demo/{name}.csv")
        each = pd.read_csv(copied / f"results/demo/{name}_by_seed.csv")
        assert table["seeds"].tolist() == [2] * lines
        means = each.groupby(key)["text_mined_auc"].agg(["mean", "std"])
        mine = table.set_index(key)[["text_mined_auc", "text_mined_auc_sd"]]
        np.testing.assert_allclose(mine.sort_index(), means.sort_index(), rtol=1e-4)
        assert each.groupby(key)["text_mined_auc"].nunique().max() == 2


def test_a_bad_image_ends_in_one_sentence_and_no_half_output(copied: Path, snakemake: Run) -> None:
    images = copied / "data/demo/phantom/deeplesion/Images_png"
    index = copied / "data/demo/labeled/val.csv"
    lesion = read_rows(index)[0]
    bad = images / lesion["series"] / f"{int(lesion['key_slice']):03d}.png"
    Image.new("L", (64, 64)).save(bad)
    target = "data/demo/labeled/val.npy"
    done = snakemake(copied, target, "--forcerun", "prepare_lesions", configfiles=MINI)
    assert done.returncode != 0
    sentence = [line for line in done.stderr.splitlines() if "16-bit gray PNG" in line]
    assert sentence
    assert str(bad.relative_to(copied)) in sentence[0]
    assert "Traceback" not in done.stderr
    assert not (copied / target).exists()


def test_the_same_seed_gives_the_same_bytes(finished: Path, snakemake: Run, tmp_path: Path) -> None:
    """Tables, labels, images and weights; not events, logs and records, which hold times."""
    done = snakemake(tmp_path, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    timed = {"events", "logs", "benchmarks", "provenance", "digests", "state", ".snakemake"}
    timed |= {"ro-crate-metadata.json"}
    checked = 0
    for path in sorted(p for p in finished.rglob("*") if p.is_file()):
        relative = path.relative_to(finished)
        if timed.isdisjoint(relative.parts):
            assert sha256(path) == sha256(tmp_path / relative), relative
            checked += 1
    assert checked > 100


@pytest.mark.real
def test_the_sample_configuration_runs_on_real_input(
    real_data: Path, snakemake: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAKNET_REAL_DATA", str(real_data))
    small = tmp_path / "small.yaml"
    small.write_text(yaml.safe_dump({
        "image": {"size": 64}, "training": {"epochs": 1}, "evaluation": {"bootstrap_samples": 5},
        "student": {"rounds": 1, "epochs": 1}, "pretraining": {"epochs": 1},
        "lesanet": {"epochs": 1},
    }))  # fmt: skip
    done = snakemake(tmp_path, configfiles=("config/sample.yaml", str(small)))
    assert done.returncode == 0, done.stderr[-3000:]
    table = pd.read_csv(tmp_path / "results/sample/table1.csv")
    assert set(table["dataset"]) == {"sample"}
    assert table["text_mined_auc"].notna().all()
    assert pd.read_csv(tmp_path / "results/sample/table2.csv")["iteration"].tolist() == [0, 1]
    assert len(pd.read_csv(tmp_path / "results/sample/table3.csv")) == 3
    patches = [row for split in ("train", "val", "test", "hand")
               for row in read_rows(tmp_path / f"data/sample/patches/{split}.csv")]  # fmt: skip
    assert len({row["lesion_index"] for row in patches}) >= 14
    assert {row["slices_missing"] for row in patches} == {"2"}  # only key slices are there
    refused = read_rows(tmp_path / "results/sample/rejected.csv")
    assert {row["folder"]: row["reason"] for row in refused} == {
        "abdomen_jpeg2000": "too_few_slices", "chest_crop_2": "too_few_slices",
    }  # fmt: skip
    assert len(read_rows(tmp_path / "data/sample/labeled/train.csv")) == 6


def test_the_folder_of_tests_leaves_nothing_in_the_checkout() -> None:
    assert not (ROOT / "tests" / "workflow" / "results").exists()
