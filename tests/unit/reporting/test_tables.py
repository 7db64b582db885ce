from pathlib import Path

import pandas as pd
import pytest

from maknet.files import write_json
from maknet.reporting.tables import table1, write_table

PRINTED = [
    "dataset", "arch", "parameters",
    "text_mined_auc", "text_mined_f1", "text_mined_precision", "text_mined_recall",
    "hand_labeled_auc", "hand_labeled_f1", "hand_labeled_precision", "hand_labeled_recall",
]  # fmt: skip


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    summary = {"auc": 0.91, "f1": 0.2, "precision": 0.4, "recall": 0.5,
               "precision_standard": 0.3, "never_predicted": 4, "evaluable": 103}  # fmt: skip
    undefined = {**summary, "auc": None}
    interval = {"auc": [0.9, 0.92], "f1": [0.1, 0.3], "precision": None, "recall": [0.4, 0.6]}
    sets = {"test": {"summary": summary, "intervals": interval},
            "hand": {"summary": undefined, "intervals": interval}}  # fmt: skip
    network = {"title": "MAKNet", "parameters": 251923, "width": 0.25,
               "paper_size_parameters": 4503511}  # fmt: skip
    write_json(tmp_path / "n.json", network)
    write_json(tmp_path / "m.json", sets)
    return table1("phantom", [tmp_path / "n.json"], [tmp_path / "m.json"])


def test_the_papers_columns_come_first(table: pd.DataFrame) -> None:
    assert list(table.columns)[: len(PRINTED)] == PRINTED
    row = table.iloc[0]
    assert row["text_mined_auc"] == 0.91
    assert row["text_mined_auc_low"] == 0.9
    assert row["text_mined_never_predicted"] == 4
    assert row["paper_size_parameters"] == 4503511
    assert pd.isna(row["hand_labeled_auc"])


def test_all_three_files_say_what_the_data_are(table: pd.DataFrame, tmp_path: Path) -> None:
    paths = [tmp_path / f"t.{end}" for end in ("csv", "md", "html")]
    write_table(table, "Table 1", *paths)
    again = pd.read_csv(paths[0])
    assert again["dataset"].tolist() == ["phantom"]
    markdown = paths[1].read_text()
    assert "0.9100 (0.900 to 0.920)" in markdown
    assert "| - |" in markdown  # undefined, not zero
    assert "4 of 103" in markdown
    for path in paths[1:]:
        assert "not comparable with the paper" in path.read_text()
        assert "4,503,511" in path.read_text()
