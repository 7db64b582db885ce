"""Our tables beside the numbers that the paper prints.

Only where the data are DeepLesion: a phantom's number beside the paper's would look like a
comparison and be none. There the paper's columns stay empty.
"""

import numpy as np
import pandas as pd

from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.paper_tables import TEST_SETS

KEYS = {1: "arch", 2: "iteration", 3: "method"}


def compare_with_paper(number: int, table: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return one row a line, test set and metric.

    Args:
        number: Of the table, 1 to 3.
        table: Ours, as its CSV holds it.
        paper: `config/paper_tables.csv`.

    Returns:
        Columns: `dataset`, the table's key, `test_set`, `metric`, `ours`, `low`, `high`, `paper`,
        `difference` (ours minus the paper's), and `within_interval` (whether the paper's number
        lies in our interval).
    """
    key = KEYS[number]
    lines = paper[paper["table"] == number].to_dict("records")
    printed = {str(line["row"]): line for line in lines}
    rows = []
    for line in table.to_dict("records"):
        counterpart = printed.get(str(line[key])) if line["dataset"] == "deeplesion" else None
        for name in TEST_SETS.values():
            for metric in METRICS:
                column = f"{name}_{metric}"
                ours, low, high = (line[column + end] for end in ("", "_low", "_high"))
                theirs = np.nan if counterpart is None else float(counterpart[column])
                defined = counterpart is not None and not (np.isnan(low) or np.isnan(high))
                within = bool(low <= theirs <= high) if defined else None
                rows.append({
                    "dataset": line["dataset"], key: line[key], "test_set": name,
                    "metric": metric, "ours": ours, "low": low, "high": high, "paper": theirs,
                    "difference": ours - theirs, "within_interval": within,
                })  # fmt: skip
    return pd.DataFrame(rows)
