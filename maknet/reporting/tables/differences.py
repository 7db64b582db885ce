"""Paired differences between the lines of a table: what a comparison can say.

Both runs of a pair are evaluated on the same resampled patients and have the same seeds, so that
what they have in common cancels.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from maknet.metrics.coverage import differences
from maknet.metrics.multilabel import MEASURES
from maknet.reporting.tables.runs import TEST_SETS, Repeated, numeric, paired_gap

_FREQUENT = "_frequent"


def paired_differences(
    dataset: str, runs: Mapping[str, Repeated], pairs: Sequence[tuple[str, str]], confidence: float
) -> pd.DataFrame:
    """Return how much the first run of each pair scores above the second.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        runs: The runs by the name of their line.
        pairs: Names of lines.
        confidence: Confidence of the intervals.

    Returns:
        One row per pair, test set, metric and set of labels (`all` or `frequent`): `difference`,
        its interval `low` to `high`, `sd` over the seeds, and `seeds`. The interval is NaN where
        simulated intervals do not hold the true value (`maknet.metrics.coverage`).
    """
    rows = []
    for first, second in pairs:
        for split, name in TEST_SETS.items():
            for measure in MEASURES:
                found = paired_gap(runs[first], runs[second], split, measure, confidence)
                covered = measure in differences(len(runs[first].metrics))
                rows.append({
                    "dataset": dataset, "difference_of": f"{first} minus {second}",
                    "test_set": name, "metric": measure.removesuffix(_FREQUENT),
                    "labels": "frequent" if measure.endswith(_FREQUENT) else "all",
                    "difference": found.value, "low": found.low if covered else None,
                    "high": found.high if covered else None, "sd": found.deviation,
                    "seeds": len(runs[first].metrics),
                })  # fmt: skip
    return numeric(pd.DataFrame(rows))
