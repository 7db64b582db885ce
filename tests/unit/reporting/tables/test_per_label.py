"""Every label's metrics: means over seeds, and what is undefined stays undefined."""

from pathlib import Path

import numpy as np
import pandas as pd

from maknet.reporting.tables.per_label import label_results

COLUMNS = ["set", "label", "positives", "auc", "f1", "precision", "recall"]


def write(path: Path, rows: list[tuple[object, ...]]) -> Path:
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
    return path


def test_rows_are_means_over_seeds_the_most_frequent_labels_first(tmp_path: Path) -> None:
    nan = np.nan
    first = write(tmp_path / "a.csv", [
        ("test", "nan", 2, 0.5, 0.1, 0.2, 0.3), ("test", "lung", 9, 0.8, 0.4, 0.5, 0.6),
        ("hand", "nan", 0, nan, nan, nan, nan), ("hand", "lung", 5, 0.9, 0.7, 0.7, 0.7),
    ])  # fmt: skip
    second = write(tmp_path / "b.csv", [
        ("test", "nan", 2, 0.7, 0.1, 0.2, 0.3), ("test", "lung", 9, 1.0, 0.2, 0.5, 0.6),
        ("hand", "nan", 0, nan, nan, nan, nan), ("hand", "lung", 5, nan, 0.5, 0.7, 0.7),
    ])  # fmt: skip
    table = label_results("phantom", {"vgg16": [second], "maknet": [first, second]})
    assert list(table.columns) == [
        "dataset", "test_set", "label", "positives", "run", "seeds", "auc", "f1", "precision",
        "recall",
    ]  # fmt: skip
    keys = list(zip(table["test_set"], table["label"], table["run"], strict=True))
    assert keys == [
        (name, label, run)
        for name in ("text_mined", "hand_labeled") for label in ("lung", "nan")
        for run in ("vgg16", "maknet")
    ]  # fmt: skip
    lung = table.iloc[1]
    np.testing.assert_allclose([lung["auc"], lung["f1"]], [0.9, 0.3])
    assert (lung["seeds"], lung["positives"]) == (2, 9)
    assert np.isclose(table.iloc[3]["auc"], 0.6)
    assert table.iloc[5]["auc"] == 0.9  # of the seed that defines it
    assert table.iloc[7][["auc", "f1"]].isna().all()
    assert set(table["dataset"]) == {"phantom"}
