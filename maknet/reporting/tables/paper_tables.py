"""The paper's tables: one row a line of its table, the paper's columns first.

Behind them stand what the printed numbers hide: intervals, the usual convention for precision, the
labels never predicted, and the spread over seeds where a run was repeated.
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
from maknet.metrics.bootstrap import intervals
from maknet.metrics.multilabel import METRICS

TEST_SETS = {"test": "text_mined", "hand": "hand_labeled"}
_TEXT = ("dataset", "arch", "method", "difference_of", "test_set", "metric")
_EXTRAS = ("precision_standard", "never_predicted", "evaluable")


@dataclass(frozen=True)
class Repeated:
    """One line of a table: a run, once for each seed.

    Attributes:
        metrics: Metrics of each seed.
        bootstrap: Resampled means of each seed by test set, (samples, 4); the resampled patients
            are the same for all seeds.
    """

    metrics: Sequence[Mapping[str, Any]]
    bootstrap: Sequence[Mapping[str, NDArray[np.float64]]]


def load_repeated(
    metrics: Sequence[str | Path], bootstrap: Sequence[str | Path], seeds: int
) -> list[Repeated]:
    """Read the metrics and resamples of several runs, the files of a run's seeds side by side."""
    return [
        Repeated(
            [read_json(path) for path in metrics[start : start + seeds]],
            [load_arrays(path) for path in bootstrap[start : start + seeds]],
        )
        for start in range(0, len(metrics), seeds)
    ]


def table1(
    dataset: str, networks: Sequence[Mapping[str, Any]], runs: Sequence[Repeated], confidence: float
) -> pd.DataFrame:
    """Return Table 1: one row a network.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        networks: `network.json` of each run.
        runs: What they scored, in the same order.
        confidence: Of the intervals.
    """
    heads = [
        {"dataset": dataset, "arch": network["title"], "parameters": network["parameters"]}
        for network in networks
    ]
    tails = [
        {"width": network["width"], "paper_size_parameters": network["paper_size_parameters"]}
        for network in networks
    ]
    return _table(heads, runs, tails, confidence)


def table2(dataset: str, width: float, runs: Sequence[Repeated], confidence: float) -> pd.DataFrame:
    """Return Table 2: one row an iteration; 0 is the teacher.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        width: Of the networks.
        runs: The teacher, then the student of each round.
        confidence: Of the intervals.
    """
    heads = [{"dataset": dataset, "iteration": number} for number in range(len(runs))]
    return _table(heads, runs, [{"width": width}] * len(runs), confidence)


METHODS = {
    "imagenet": "LesaNet (ImageNet)",
    "textures": "LesaNet (drawn textures, in place of ImageNet)",
    "tcia": "LesaNet (TCIA)",
    "phantom": "LesaNet (phantom CT, in place of TCIA)",
    "folder": "LesaNet (own CT, in place of TCIA)",
    "scratch": "LesaNet (random weights)",
}


def table3(
    dataset: str, methods: Sequence[str], width: float, runs: Sequence[Repeated], confidence: float
) -> pd.DataFrame:
    """Return Table 3: one row a way to start LesaNet.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        methods: What each run started from, a key of `METHODS`.
        width: Of the networks.
        runs: What they scored, in the same order.
        confidence: Of the intervals.
    """
    heads = [{"dataset": dataset, "method": METHODS[method]} for method in methods]
    return _table(heads, runs, [{"width": width}] * len(runs), confidence)


def paired_difference(
    dataset: str, first: Repeated, second: Repeated, names: tuple[str, str], confidence: float
) -> pd.DataFrame:
    """Return how much `first` scores above `second`, with paired bootstrap intervals.

    Both are evaluated on the same resampled patients, so that what they have in common cancels.

    Returns:
        One row a test set and metric: `difference`, its interval `low` to `high`, and
        `share_above_zero` of the resamples.
    """
    rows = []
    for split, name in TEST_SETS.items():
        ours, theirs = (
            np.mean([arrays[split] for arrays in run.bootstrap], axis=0) for run in (first, second)
        )
        interval = intervals(ours - theirs, confidence)
        for column, metric in enumerate(METRICS):
            values = [
                _mean([metrics[split]["summary"][metric] for metrics in run.metrics])
                for run in (first, second)
            ]
            defined = None not in values
            low, high = interval[metric] or (None, None)
            gaps = (ours - theirs)[:, column]
            gaps = gaps[~np.isnan(gaps)]
            rows.append({
                "dataset": dataset, "difference_of": f"{names[0]} minus {names[1]}",
                "test_set": name, "metric": metric,
                "difference": values[0] - values[1] if defined else None,  # type: ignore[operator]
                "low": low, "high": high,
                "share_above_zero": float((gaps > 0).mean()) if len(gaps) else None,
            })  # fmt: skip
    return _numeric(pd.DataFrame(rows))


def by_seed(table: pd.DataFrame, key: str, runs: Sequence[Repeated], seeds: Sequence[int],
            confidence: float) -> pd.DataFrame:  # fmt: skip
    """Return one row a line of the table and seed, with each seed's own metrics and intervals."""
    rows = []
    for line, run in zip(table.to_dict("records"), runs, strict=True):
        for seed, metrics, bootstrap in zip(seeds, run.metrics, run.bootstrap, strict=True):
            columns = metric_columns(Repeated([metrics], [bootstrap]), confidence)
            spread = {name for name in columns if name.endswith("_sd") or name == "seeds"}
            kept = {name: value for name, value in columns.items() if name not in spread}
            rows.append({"dataset": line["dataset"], key: line[key], "seed": seed, **kept})
    return _numeric(pd.DataFrame(rows))


def metric_columns(run: Repeated, confidence: float) -> dict[str, Any]:
    """Return the columns of one run: the paper's eight, then what stands behind them.

    Values are means over the seeds, `_sd` their sample standard deviation (None for one seed), and
    `_low` and `_high` the bootstrap interval over patients of that mean.
    """
    printed: dict[str, Any] = {}
    behind: dict[str, Any] = {"seeds": len(run.metrics)}
    for split, name in TEST_SETS.items():
        summaries = [metrics[split]["summary"] for metrics in run.metrics]
        resampled = np.mean([arrays[split] for arrays in run.bootstrap], axis=0)
        interval = intervals(resampled, confidence)
        for metric in METRICS:
            printed[f"{name}_{metric}"] = _mean([summary[metric] for summary in summaries])
            low, high = interval[metric] or (None, None)
            behind[f"{name}_{metric}_low"], behind[f"{name}_{metric}_high"] = low, high
            behind[f"{name}_{metric}_sd"] = _deviation([summary[metric] for summary in summaries])
        for extra in _EXTRAS:
            behind[f"{name}_{extra}"] = _mean([summary[extra] for summary in summaries])
    return printed | behind


def _table(
    heads: Sequence[Mapping[str, Any]], runs: Sequence[Repeated],
    tails: Sequence[Mapping[str, Any]], confidence: float,
) -> pd.DataFrame:  # fmt: skip
    rows = [
        {**head, **metric_columns(run, confidence), **tail}
        for head, run, tail in zip(heads, runs, tails, strict=True)
    ]
    return _numeric(pd.DataFrame(rows))


def _numeric(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with NaN for None, so that undefined numbers are numbers."""
    mixed = [name for name in table.columns if table[name].dtype == object]
    numbers = [name for name in mixed if name not in _TEXT]
    return table.astype(dict.fromkeys(numbers, float))


def _mean(values: Sequence[float | None]) -> float | None:
    """Return the mean, the value itself where there is one, None where one is undefined."""
    defined = [value for value in values if value is not None]
    if len(defined) < len(values):
        return None
    return defined[0] if len(defined) == 1 else float(np.mean(defined))


def _deviation(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    if len(defined) < 2 or len(defined) < len(values):
        return None
    return float(np.std(defined, ddof=1))
