"""Further runs of many rules: a second one of all, other seeds, real input."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from maknet.data.arrays import load_arrays
from maknet.files import read_rows, sha256
from tests.workflow.conftest import MINI, Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def test_several_seeds_repeat_tables_and_perturbations(
    copied: Path, snakemake: Run, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("seeds: [123, 7]\nstudent: {rounds: 1}\n")
    done = snakemake(
        copied, "results/demo/table1.csv", "results/demo/table2.csv",
        "results/demo/perturbations.csv", "results/demo/figure3.png",
        configfiles=(*MINI, str(other)),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert not re.search("rule (train_network|train_student):.*seed=,", done.stderr)
    for name, key, lines in (("table1", "arch", 5), ("table2", "iteration", 3)):
        table = pd.read_csv(copied / f"results/demo/{name}.csv")
        each = pd.read_csv(copied / f"results/demo/{name}_by_seed.csv")
        assert table["seeds"].tolist() == [2] * lines
        means = each.groupby(key)["text_mined_auc"].agg(["mean", "std"])
        mine = table.set_index(key)[["text_mined_auc", "text_mined_auc_sd"]]
        np.testing.assert_allclose(mine.sort_index(), means.sort_index(), rtol=1e-4)
        assert each.groupby(key)["text_mined_auc"].nunique().max() == 2
    table = pd.read_csv(copied / "results/demo/perturbations.csv")
    assert table["trainings"].tolist() == [2] * 9
    studies = [
        load_arrays(copied / f"results/demo/explain/{r}.npz") for r in ("vgg16", "vgg16-seed7")
    ]
    drops = [(s["followed"][:, 0] - s["followed"][:, 3]).mean() for s in studies]
    assert drops[0] != drops[1]
    mean = table.set_index(["arch", "change"])["drop"]["VGG16", "deleted"]
    assert mean == pytest.approx(np.mean(drops), rel=1e-4)


def test_the_same_seed_gives_the_same_bytes(finished: Path, snakemake: Run, tmp_path: Path) -> None:
    """Tables, labels, images and weights; not events, logs and records, which hold times."""
    done = snakemake(tmp_path, configfiles=MINI)
    assert done.returncode == 0, done.stderr[-2000:]
    timed = {"events", "logs", "benchmarks", "provenance", "digests", "state", ".snakemake"}
    timed |= {"ro-crate-metadata.json", "audit.html"}
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
    assert pd.read_csv(tmp_path / "results/sample/table2.csv")["iteration"].tolist() == [
        "0",
        "control",
        "1",
    ]
    assert len(pd.read_csv(tmp_path / "results/sample/table3.csv")) == 4
    patches = [row for split in ("train", "val", "test", "hand")
               for row in read_rows(tmp_path / f"data/sample/patches/{split}.csv")]  # fmt: skip
    assert len({row["lesion_index"] for row in patches}) >= 14
    assert {row["slices_missing"] for row in patches} == {"2"}  # only key slices are there
    refused = read_rows(tmp_path / "results/sample/rejected.csv")
    assert {row["folder"]: row["reason"] for row in refused} == {
        "abdomen_jpeg2000": "too_few_slices", "chest_crop_2": "too_few_slices",
    }  # fmt: skip
    assert len(read_rows(tmp_path / "data/sample/labeled/train.csv")) == 6
