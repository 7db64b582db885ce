"""Our tables beside the numbers that the paper prints.

Only where the data are DeepLesion: a phantom's number beside the paper's would look like a
comparison and be none. There the paper's columns stay empty.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.paper_tables import KEYS
from maknet.reporting.tables.runs import TEST_SETS


def compare_with_paper(number: int, table: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row per line, test set and metric, and one per line for its parameters.

    Both readings of a baseline, from random weights and from ImageNet, stand beside the paper's one
    line of it.

    Args:
        number: Number of the table, 1 to 3.
        table: Ours, as its CSV holds it.
        paper: `config/paper_tables.csv`.

    Returns:
        Columns: `dataset`, the table's key, `test_set` (empty for parameters), `metric`, `ours`,
        `sd` over the seeds, `paper`, and `difference` (ours minus the paper's).
    """
    key = KEYS[number]
    printed = {
        str(line["row"]): line for line in paper[paper["table"] == number].to_dict("records")
    }
    rows = []
    for line in table.to_dict("records"):
        title = str(line[key])
        counterpart = printed.get(title, printed.get(title.split(" (")[0]))
        if line["dataset"] != "deeplesion" or counterpart is None:
            counterpart = {}  # a phantom's number beside the paper's would be no comparison
        if "parameters" in line:
            rows.append(_row(line, key, "", "parameters", counterpart))
        for name in TEST_SETS.values():
            rows += [_row(line, key, name, metric, counterpart) for metric in METRICS]
    return pd.DataFrame(rows)


def _row(
    line: Mapping[Any, Any], key: str, test_set: str, metric: str, paper: Mapping[Any, Any]
) -> dict[str, Any]:
    column = f"{test_set}_{metric}" if test_set else metric
    ours, theirs = line[column], float(paper.get(column, np.nan))
    return {
        "dataset": line["dataset"], key: line[key], "test_set": test_set, "metric": metric,
        "ours": ours, "sd": line.get(f"{column}_sd", np.nan), "paper": theirs,
        "difference": float(ours) - theirs,
    }  # fmt: skip
