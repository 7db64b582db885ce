from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maknet.data.arrays import save_arrays
from maknet.files import ROOT, write_json
from maknet.reporting.tables.paper_comparison import compare_with_paper
from maknet.reporting.tables.paper_tables import (
    METHODS,
    Repeated,
    by_seed,
    load_repeated,
    paired_difference,
    table1,
    table2,
    table3,
)
from maknet.reporting.tables.writer import write_table

METRICS = [
    "text_mined_auc", "text_mined_f1", "text_mined_precision", "text_mined_recall",
    "hand_labeled_auc", "hand_labeled_f1", "hand_labeled_precision", "hand_labeled_recall",
]  # fmt: skip
NETWORK = {"title": "MAKNet", "parameters": 251923, "width": 0.25,
           "paper_size_parameters": 4503511}  # fmt: skip


def scored(auc: float) -> dict[str, Any]:
    summary = {"auc": auc, "f1": 0.2, "precision": 0.4, "recall": 0.5,
               "precision_standard": 0.3, "never_predicted": 4, "evaluable": 103}  # fmt: skip
    return {"test": {"summary": summary}, "hand": {"summary": {**summary, "auc": None}}}


def resampled(auc: float) -> dict[str, np.ndarray]:
    column = np.linspace(auc - 0.01, auc + 0.01, 201)
    nothing = np.full(201, np.nan)
    return {"test": np.stack([column, column, nothing, column], 1),
            "hand": np.stack([nothing, column, column, column], 1)}  # fmt: skip


def repeated(*aucs: float) -> Repeated:
    return Repeated([scored(auc) for auc in aucs], [resampled(auc) for auc in aucs])


def test_the_papers_columns_come_first() -> None:
    table = table1("phantom", [NETWORK], [repeated(0.91)], 0.9)
    assert list(table.columns)[:11] == ["dataset", "arch", "parameters", *METRICS]
    row = table.iloc[0]
    assert row["text_mined_auc"] == 0.91
    assert row["text_mined_auc_low"] == pytest.approx(0.901)
    assert row["text_mined_never_predicted"] == 4
    assert row["paper_size_parameters"] == 4503511
    assert pd.isna(row["hand_labeled_auc"])
    assert pd.isna(row["text_mined_auc_sd"])
    assert pd.isna(row["text_mined_precision_low"])


def test_several_seeds_give_mean_deviation_and_the_interval_of_the_mean() -> None:
    runs = [repeated(0.90, 0.94), repeated(0.80, 0.80)]
    table = table2("phantom", 1.0, runs, 0.9)
    assert table["iteration"].tolist() == [0, 1]
    assert list(table.columns)[2:10] == METRICS
    assert table["text_mined_auc"].tolist() == pytest.approx([0.92, 0.80])
    assert table["text_mined_auc_sd"].tolist() == pytest.approx([np.std([0.9, 0.94], ddof=1), 0])
    assert table["text_mined_auc_low"].tolist() == pytest.approx([0.911, 0.791])
    assert table["seeds"].tolist() == [2, 2]
    each = by_seed(table, "iteration", runs, [123, 7], 0.9)
    assert each["seed"].tolist() == [123, 7, 123, 7]
    assert each["text_mined_auc"].tolist() == [0.90, 0.94, 0.80, 0.80]
    assert not [name for name in each if name.endswith("_sd")]


def test_runs_are_read_seed_by_seed(tmp_path: Path) -> None:
    write_json(tmp_path / "m.json", scored(0.9))
    save_arrays(tmp_path / "b.npz", **resampled(0.9))
    runs = load_repeated([tmp_path / "m.json"] * 6, [tmp_path / "b.npz"] * 6, 2)
    assert len(runs) == 3
    assert len(runs[0].metrics) == len(runs[0].bootstrap) == 2
    assert runs[2].bootstrap[1]["hand"].shape == (201, 4)


def test_all_three_files_say_what_the_data_are(tmp_path: Path) -> None:
    paths = [tmp_path / f"t.{end}" for end in ("csv", "md", "html")]
    table = table1("phantom", [NETWORK], [repeated(0.91)], 0.9)
    write_table(table, "Table 1", ["A note < of its own."], *paths)
    assert pd.read_csv(paths[0])["dataset"].tolist() == ["phantom"]
    markdown = paths[1].read_text()
    assert "0.9100 (0.901 to 0.919)" in markdown
    assert "| - |" in markdown  # undefined, not zero
    assert "4 of 103" in markdown
    assert "A note &lt; of its own." in paths[2].read_text()
    for path in paths[1:]:
        assert "not comparable with the paper" in path.read_text()
        assert "4,503,511" in path.read_text()


def test_seeds_and_rounds_are_shown(tmp_path: Path) -> None:
    paths = [tmp_path / f"t.{end}" for end in ("csv", "md", "html")]
    write_table(table2("sample", 1.0, [repeated(0.9, 0.94)], 0.9), "Table 2", [], *paths)
    markdown = paths[1].read_text()
    assert "0 (teacher)" in markdown
    assert "0.9200 ± 0.0283 (0.911 to 0.929)" in markdown
    assert "Means over 2 seeds" in markdown


def test_table3_names_what_stands_in() -> None:
    runs = [repeated(0.9), repeated(0.92), repeated(0.8)]
    table = table3("phantom", ["textures", "phantom", "scratch"], 0.125, runs, 0.9)
    assert list(table.columns)[:10] == ["dataset", "method", *METRICS]
    assert table["method"].tolist() == [
        "LesaNet (drawn textures, in place of ImageNet)",
        "LesaNet (phantom CT, in place of TCIA)",
        "LesaNet (random weights)",
    ]


def test_the_paired_difference_is_that_of_the_same_resamples() -> None:
    first, second = repeated(0.92), repeated(0.90)
    table = paired_difference("phantom", first, second, ("a", "b"), 0.9)
    row = table[(table["test_set"] == "text_mined") & (table["metric"] == "auc")].iloc[0]
    assert row["difference"] == pytest.approx(0.02)
    assert row["low"] == pytest.approx(0.02)  # what both have in common has cancelled
    assert row["high"] == pytest.approx(0.02)
    assert row["share_above_zero"] == 1
    undefined = table[(table["test_set"] == "hand_labeled") & (table["metric"] == "auc")].iloc[0]
    assert pd.isna(undefined["difference"])
    assert set(table["difference_of"]) == {"a minus b"}
    assert len(table) == 8


@pytest.mark.parametrize("dataset", ["deeplesion", "phantom"])
def test_only_the_papers_data_stand_beside_the_papers_numbers(dataset: str) -> None:
    paper = pd.DataFrame([{"table": 2, "row": "0", **dict.fromkeys(METRICS, 0.905)}])
    table = table2(dataset, 1.0, [repeated(0.91), repeated(0.92)], 0.9)
    rows = compare_with_paper(2, table, paper)
    assert len(rows) == 16
    first = rows.iloc[0]
    if dataset == "deeplesion":
        assert first["paper"] == 0.905
        assert first["difference"] == pytest.approx(0.005)
        assert first["within_interval"]
    else:
        assert pd.isna(first["paper"])
        assert pd.isna(first["difference"])
        assert first["within_interval"] is None
    assert pd.isna(rows.iloc[8]["paper"])  # the paper has no such line


def test_the_shipped_numbers_are_the_papers() -> None:
    paper = pd.read_csv(ROOT / "config/paper_tables.csv", dtype={"row": str})
    assert paper.groupby("table").size().to_dict() == {1: 3, 2: 6, 3: 2}
    lines = paper.set_index(["table", "row"])
    # Iteration 0 is the MAKNet of table 1, to four digits.
    assert lines.loc[(1, "MAKNet")].tolist() == lines.loc[(2, "0")].tolist()
    assert lines.loc[(3, "LesaNet (TCIA)"), "hand_labeled_f1"] == 0.4972
    assert set(lines.loc[3].index) <= set(METHODS.values())
