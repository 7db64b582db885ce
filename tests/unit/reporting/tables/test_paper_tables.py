from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from maknet.data.arrays import save_arrays
from maknet.files import ROOT, write_json
from maknet.metrics.coverage import differences, levels
from maknet.metrics.multilabel import MEASURES
from maknet.reporting.tables.differences import paired_differences
from maknet.reporting.tables.paper_comparison import compare_with_paper
from maknet.reporting.tables.paper_tables import (
    Line,
    network_title,
    paper_table,
    scratch_title,
)
from maknet.reporting.tables.runs import Repeated, by_seed, load_repeated
from maknet.reporting.tables.writer import TablePage, arithmetic_notes, write_table

METRICS = [
    "text_mined_auc", "text_mined_f1", "text_mined_precision", "text_mined_recall",
    "hand_labeled_auc", "hand_labeled_f1", "hand_labeled_precision", "hand_labeled_recall",
]  # fmt: skip
NETWORK = {"title": "MAKNet", "parameters": 251923, "width": 0.25,
           "paper_size_parameters": 4503511}  # fmt: skip
FILES = ("csv", "difference", "markdown", "html")


def scored(auc: float) -> dict[str, Any]:
    summary = {**dict.fromkeys(MEASURES, 0.4), "auc": auc, "auc_frequent": auc,
               "precision_standard": 0.3, "never_predicted": 4, "evaluable": 103,
               "frequent": 60}  # fmt: skip
    return {"test": {"summary": summary}, "hand": {"summary": {**summary, "auc": None}}}


def resampled(auc: float) -> dict[str, np.ndarray]:
    """Return the same scatter for all measures, of standard deviation 0.01."""
    scatter = np.random.default_rng(1).normal(0, 1, 4001)
    scatter = 0.01 * (scatter - scatter.mean()) / scatter.std(ddof=1)
    columns = np.stack([auc + scatter] * len(MEASURES), 1)
    undefined = columns.copy()
    undefined[:, MEASURES.index("auc")] = np.nan
    return {"test": columns, "hand": undefined}


def repeated(*aucs: float) -> Repeated:
    return Repeated([scored(auc) for auc in aucs], [resampled(auc) for auc in aucs])


def lines(*runs: Repeated) -> list[Line]:
    return [Line(str(i), f"student{i}", run, NETWORK) for i, run in enumerate(runs)]


def with_interval(table: pd.DataFrame) -> set[str]:
    """Return the measures of a table of differences that have an interval."""
    printed = table[table["low"].notna()]
    named = printed["metric"] + printed["labels"].map({"all": "", "frequent": "_frequent"})
    return set(named)


def pages(folder: Path, page: TablePage) -> dict[str, Path]:
    paths = {name: folder / f"t.{name}" for name in FILES}
    write_table(page, paths, lambda path: f"root of {Path(path).read_text()[:7]}")
    return paths


def test_the_papers_columns_come_first() -> None:
    table = paper_table(1, "phantom", [Line("MAKNet", "maknet", repeated(0.91), NETWORK)], 0.95)
    assert list(table.columns)[:11] == ["dataset", "arch", "parameters", *METRICS]
    row = table.iloc[0]
    assert row["text_mined_auc"] == 0.91
    assert row["text_mined_auc_frequent_low"] == pytest.approx(0.91 - 1.96 * 0.01, abs=1e-4)
    assert row["text_mined_never_predicted"] == 4
    assert row["paper_size_parameters"] == 4503511
    assert row["run"] == "maknet"
    assert pd.isna(row["hand_labeled_auc"])
    assert pd.isna(row["text_mined_auc_sd"])


def test_intervals_stand_only_where_they_were_measured_to_hold() -> None:
    table = paper_table(2, "phantom", lines(repeated(0.9)), 0.95)
    bounds = {name for name in table if name.endswith("_low")}
    assert bounds == {f"{s}_{m}_low" for s in ("text_mined", "hand_labeled") for m in levels(1)}
    assert not any("precision" in name for name in bounds)


def test_several_seeds_give_mean_deviation_and_a_wider_interval() -> None:
    runs = [repeated(0.90, 0.94), repeated(0.80, 0.80)]
    table = paper_table(2, "phantom", lines(*runs), 0.95)
    assert table["iteration"].tolist() == ["0", "1"]
    assert list(table.columns)[2:10] == METRICS
    assert table["text_mined_auc"].tolist() == pytest.approx([0.92, 0.80])
    assert table["text_mined_auc_sd"].tolist() == pytest.approx([np.std([0.9, 0.94], ddof=1), 0])
    half = table["text_mined_auc_frequent"] - table["text_mined_auc_frequent_low"]
    assert half[0] > 0.05  # two seeds that differ say little
    assert half[1] == pytest.approx(1.96 * 0.01, abs=1e-4)
    assert table["seeds"].tolist() == [2, 2]
    each = by_seed(table, "iteration", runs, [123, 7], 0.95)
    assert each["seed"].tolist() == [123, 7, 123, 7]
    assert each["text_mined_auc"].tolist() == [0.90, 0.94, 0.80, 0.80]
    assert not [name for name in each if name.endswith("_sd")]


def test_runs_are_read_seed_by_seed(tmp_path: Path) -> None:
    write_json(tmp_path / "m.json", scored(0.9))
    save_arrays(tmp_path / "b.npz", **resampled(0.9))
    runs = load_repeated([tmp_path / "m.json"] * 6, [tmp_path / "b.npz"] * 6, 2)
    assert len(runs) == 3
    assert len(runs[0].metrics) == len(runs[0].bootstrap) == 2
    assert runs[2].bootstrap[1]["hand"].shape == (4001, len(MEASURES))


def test_the_paired_difference_is_that_of_the_same_resamples_and_seeds() -> None:
    runs = {"a": repeated(0.92), "b": repeated(0.90)}
    table = paired_differences("phantom", runs, [("a", "b")], 0.95)
    row = table[(table["test_set"] == "text_mined") & (table["metric"] == "auc")
                & (table["labels"] == "frequent")].iloc[0]  # fmt: skip
    assert row["difference"] == pytest.approx(0.02)
    assert row["low"] == pytest.approx(0.02)  # what both have in common has cancelled
    assert row["high"] == pytest.approx(0.02)
    undefined = table[(table["test_set"] == "hand_labeled") & (table["metric"] == "auc")
                      & (table["labels"] == "all")].iloc[0]  # fmt: skip
    assert pd.isna(undefined["difference"])
    assert set(table["difference_of"]) == {"a minus b"}
    assert len(table) == 2 * len(MEASURES)
    assert with_interval(table) == set(differences(1))
    several = {"a": repeated(0.92, 0.93), "b": repeated(0.90, 0.91)}
    table = paired_differences("phantom", several, [("a", "b")], 0.95)
    assert with_interval(table) == set(differences(2)) > set(differences(1))


def test_one_lucky_seed_is_not_decisive_over_several() -> None:
    """Table 3 of the demo: a seed with a decisive difference, and three that have none."""
    first, second = repeated(0.83, 0.85, 0.853, 0.86), repeated(0.844, 0.8495, 0.848, 0.8526)
    table = paired_differences("phantom", {"a": first, "b": second}, [("a", "b")], 0.95)
    row = table[(table["metric"] == "auc") & (table["labels"] == "frequent")].iloc[0]
    assert row["low"] < 0 < row["high"]


def test_all_files_say_what_the_data_are(tmp_path: Path) -> None:
    table = paper_table(1, "phantom", [Line("MAKNet", "maknet", repeated(0.91), NETWORK)], 0.95)
    differences = paired_differences(
        "phantom", {"MAKNet": repeated(0.91), "VGG16": repeated(0.9)}, [("MAKNet", "VGG16")], 0.95
    )
    paths = pages(tmp_path, TablePage("Table 1", table, differences, ["A note < of its own."]))
    assert pd.read_csv(paths["csv"])["dataset"].tolist() == ["phantom"]
    assert set(pd.read_csv(paths["difference"])["dataset"]) == {"phantom"}
    markdown = paths["markdown"].read_text()
    assert markdown.index("MAKNet minus VGG16") < markdown.index("as the paper prints them")
    assert "0.9100 (0.890 to 0.930)" in markdown
    assert "| - |" in markdown  # undefined, not zero
    assert "4 of 103" in markdown
    assert "A note &lt; of its own." in paths["html"].read_text()
    for path in (paths["markdown"], paths["html"]):
        text = path.read_text()
        assert "not comparable with the paper" in text
        assert "4,503,511" in text
        assert "One seed: the interval in brackets is that of patients alone" in text
        assert "in fewer than 90 %" in text


def test_seeds_and_rounds_are_shown(tmp_path: Path) -> None:
    table = paper_table(2, "sample", lines(repeated(0.9, 0.94)), 0.95)
    runs = {"1": repeated(0.9, 0.94), "0": repeated(0.9, 0.9)}
    differences = paired_differences("sample", runs, [("1", "0")], 0.95)
    markdown = pages(tmp_path, TablePage("Table 2", table, differences))["markdown"].read_text()
    assert "0 (teacher)" in markdown
    assert "0.9200 ± 0.0283" in markdown
    assert "Means over 2 seeds" in markdown
    assert "of patients and of seeds together" in markdown


def test_titles_name_what_stands_in() -> None:
    network = {"title": "VGG16"}
    assert network_title(network, None) == "VGG16 (random weights)"
    assert network_title(network, "textures") == "VGG16 (synthetic textures, in place of ImageNet)"
    assert network_title({"title": "MAKNet"}, None) == "MAKNet"
    assert scratch_title(0.001) == "LesaNet (random weights, learning rate 0.001)"


@pytest.mark.parametrize("dataset", ["deeplesion", "phantom"])
def test_only_the_papers_data_stand_beside_the_papers_numbers(dataset: str) -> None:
    paper = pd.DataFrame([{"table": 2, "row": "0", **dict.fromkeys(METRICS, 0.905)}])
    table = paper_table(2, dataset, lines(repeated(0.91), repeated(0.92)), 0.95)
    rows = compare_with_paper(2, table, paper)
    assert len(rows) == 16
    first = rows.iloc[0]
    if dataset == "deeplesion":
        assert first["paper"] == 0.905
        assert first["difference"] == pytest.approx(0.005)
    else:
        assert pd.isna(first["paper"])
        assert pd.isna(first["difference"])
    assert "within_interval" not in rows
    assert pd.isna(rows.iloc[8]["paper"])  # the paper has no such line


def test_both_readings_of_a_baseline_stand_beside_the_papers_line() -> None:
    paper = pd.read_csv(ROOT / "config/paper_tables.csv", dtype={"row": str})
    network = {**NETWORK, "title": "VGG16"}
    table = paper_table(1, "deeplesion", [
        Line("VGG16 (random weights)", "vgg16", repeated(0.9), network),
        Line("VGG16 (ImageNet)", "vgg16_imagenet", repeated(0.9), network),
    ], 0.95)  # fmt: skip
    rows = compare_with_paper(1, table, paper)
    auc = rows[(rows["metric"] == "auc") & (rows["test_set"] == "text_mined")]
    assert auc["paper"].tolist() == [0.8912, 0.8912]


def test_the_papers_tables_are_as_printed() -> None:
    paper = pd.read_csv(ROOT / "config/paper_tables.csv", dtype={"row": str})
    assert list(paper.columns)[:2] == ["table", "row"]
    assert set(METRICS) <= set(paper.columns)
    assert paper["table"].value_counts().to_dict() == {1: 3, 2: 6, 3: 2}


def test_a_table_names_how_its_networks_were_trained_where_not_plainly() -> None:
    assert arithmetic_notes([NETWORK, NETWORK]) == []
    assert arithmetic_notes([{**NETWORK, "precision": "bfloat16"}, NETWORK]) == [
        "Trained in bfloat16, scored in float32."
    ]
    compiled = {**NETWORK, "compiled": True}
    assert arithmetic_notes([compiled, compiled]) == [
        "Trained in float32 with compiled steps, scored in float32."
    ]
