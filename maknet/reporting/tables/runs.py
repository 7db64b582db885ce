"""The runs behind a line of a table, one for each seed, and the columns made of them.

S seeds, B resamples of patients, M measures (`maknet.metrics.multilabel.MEASURES`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays
from maknet.files import read_json
from maknet.metrics.bootstrap import Interval, seed_interval
from maknet.metrics.coverage import levels
from maknet.metrics.multilabel import MEASURES, METRICS

TEST_SETS = {"test": "text_mined", "hand": "hand_labeled"}
_COUNTS = ("never_predicted", "evaluable", "frequent")
_TEXT = (
    "dataset", "arch", "iteration", "method", "cell", "start", "noise", "epochs_of",
    "pseudo_labels", "run", "difference_of", "test_set", "metric", "labels", "scenario", "kind",
    "question", "conclusion", "sets", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Repeated:
    """One line of a table: a run, once for each seed.

    Attributes:
        metrics: `metrics/<run>.json` of each seed.
        bootstrap: `MEASURES` under each resample by test set, (B, M), of each seed; the resampled
            patients are the same for all seeds and all runs.
    """

    metrics: Sequence[Mapping[str, Any]]
    bootstrap: Sequence[Mapping[str, NDArray[np.float64]]]

    def values(self, split: str, measure: str) -> NDArray[np.float64]:
        """Return a measure of each seed, (S,), NaN where it is undefined."""
        found = [metrics[split]["summary"][measure] for metrics in self.metrics]
        return np.array([np.nan if value is None else value for value in found], np.float64)

    def resampled(self, split: str, measure: str) -> NDArray[np.float64]:
        """Return the mean over seeds of a measure under each resample, (B,)."""
        column = MEASURES.index(measure)
        return np.asarray(np.mean([arrays[split][:, column] for arrays in self.bootstrap], 0))


def load_repeated(
    metrics: Sequence[str | Path], bootstrap: Sequence[str | Path], seeds: int
) -> list[Repeated]:
    """Read the metrics and resamples of several runs.

    Args:
        metrics: Files of all runs, those of a run's seeds side by side.
        bootstrap: Files of the same runs, in the same order.
        seeds: Number of seeds.
    """
    return [
        Repeated(
            [read_json(path) for path in metrics[start : start + seeds]],
            [load_arrays(path) for path in bootstrap[start : start + seeds]],
        )
        for start in range(0, len(metrics), seeds)
    ]


def level(run: Repeated, split: str, measure: str, confidence: float) -> Interval:
    """Return a measure's mean over the seeds with its interval, and their deviation."""
    values, resampled = run.values(split, measure), run.resampled(split, measure)
    return seed_interval(values.tolist(), resampled, confidence)


def paired_gap(
    first: Repeated, second: Repeated, split: str, measure: str, confidence: float
) -> Interval:
    """Return how much the first run scores above the second, patients and seeds in pairs."""
    gap = first.values(split, measure) - second.values(split, measure)
    resampled = first.resampled(split, measure) - second.resampled(split, measure)
    return seed_interval(gap.tolist(), resampled, confidence)


def metric_columns(run: Repeated, confidence: float) -> dict[str, Any]:
    """Return the columns of one run: the paper's eight, then what stands behind them.

    Values are means over the seeds, `_sd` their sample standard deviation (NaN for one seed), and
    `_low` and `_high` the interval over patients and seeds, for the measures for which simulated
    intervals hold the true value (`maknet.metrics.coverage`).
    """
    printed: dict[str, Any] = {}
    behind: dict[str, Any] = {"seeds": len(run.metrics)}
    for split, name in TEST_SETS.items():
        for measure in MEASURES:
            found = level(run, split, measure, confidence)
            (printed if measure in METRICS else behind)[f"{name}_{measure}"] = found.value
            behind[f"{name}_{measure}_sd"] = found.deviation
            if measure in levels(len(run.metrics)):
                behind[f"{name}_{measure}_low"] = found.low
                behind[f"{name}_{measure}_high"] = found.high
        for count in _COUNTS:
            values = [metrics[split]["summary"][count] for metrics in run.metrics]
            behind[f"{name}_{count}"] = float(np.mean(values))
    return printed | behind


def by_seed(
    table: pd.DataFrame, key: str, runs: Sequence[Repeated], seeds: Sequence[int],
    confidence: float,
) -> pd.DataFrame:  # fmt: skip
    """Return one row per line of the table and seed, with each seed's own columns.

    Args:
        table: The table.
        key: The column that names its lines.
        runs: The runs of its lines, in its order.
        seeds: The seeds, in the order of each run's files.
        confidence: Confidence of the intervals.
    """
    rows = []
    for line, run in zip(table.to_dict("records"), runs, strict=True):
        for seed, metrics, bootstrap in zip(seeds, run.metrics, run.bootstrap, strict=True):
            columns = metric_columns(Repeated([metrics], [bootstrap]), confidence)
            kept = {name: value for name, value in columns.items()
                    if not name.endswith("_sd") and name != "seeds"}  # fmt: skip
            rows.append({"dataset": line["dataset"], key: line[key], "seed": seed, **kept})
    return numeric(pd.DataFrame(rows))


def numeric(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with NaN for None, so that undefined numbers are numbers."""
    mixed = [name for name in table.columns if table[name].dtype == object]
    return table.astype(dict.fromkeys([name for name in mixed if name not in _TEXT], float))
