"""What every run scores on every label: means over seeds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from maknet.reporting.tables.runs import TEST_SETS

_METRICS = ("auc", "f1", "precision", "recall")


def label_results(dataset: str, runs: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Return one row per test set, label and run, the most frequent labels of a set first.

    Args:
        dataset: Name of the data.
        runs: `metrics/<run>.per_label.csv` of each seed, by run.

    Returns:
        Columns `dataset`, `test_set`, `label`, `positives` (test images with the label), `run`,
        `seeds`, and the metrics as means over the seeds, NaN where no seed defines one.
    """
    tables = [
        pd.read_csv(path, keep_default_na=False, na_values=[""]).assign(run=run)
        for run, paths in runs.items() for path in paths
    ]  # fmt: skip
    joined = pd.concat(tables, ignore_index=True)
    joined["test_set"] = joined["set"].map(TEST_SETS)
    groups = joined.groupby(["test_set", "label", "run"], sort=False)
    found = groups[list(_METRICS)].mean()
    found["positives"], found["seeds"] = groups["positives"].first(), groups.size()
    found = found.reset_index().assign(dataset=dataset)
    found["set_place"] = found["test_set"].map(list(TEST_SETS.values()).index)
    found["run_place"] = found["run"].map(list(runs).index)
    found = found.sort_values(
        ["set_place", "positives", "label", "run_place"], ascending=[True, False, True, True]
    )
    columns = ["dataset", "test_set", "label", "positives", "run", "seeds", *_METRICS]
    return found[columns].reset_index(drop=True)
