"""One run's evaluation: thresholds from validation, metrics and intervals on both test sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays
from maknet.data.labels.label_table import LabelTable, load_table, select_lesions
from maknet.metrics.bootstrap import patient_weights, resampled_means
from maknet.metrics.multilabel import evaluate
from maknet.metrics.thresholds import calibrate_thresholds
from maknet.seeding import generator


@dataclass(frozen=True)
class Scored:
    """Scores of a split beside its labels, row by row, and the patient of each row."""

    scores: NDArray[np.float32]
    labels: LabelTable
    patients: NDArray[np.int64]


@dataclass(frozen=True)
class RunResult:
    """What a run scored.

    Attributes:
        thresholds: (L,).
        sets: For `test` and `hand`: `summary` (means and counts), `lesions` and `patients`.
        bootstrap: For `test` and `hand`: `MEASURES` in each resample of patients, (samples, M).
        per_label: `Evaluation.per_label` of both sets, with a column `set` in front.
    """

    thresholds: NDArray[np.float64]
    sets: dict[str, Any]
    bootstrap: dict[str, NDArray[np.float64]]
    per_label: pd.DataFrame


def load_scored(scores: str | Path, labels: str | Path, patients: Sequence[int]) -> Scored:
    """Join a score file with its labels; `patients` lists the patient of every lesion number."""
    arrays = load_arrays(scores, ("lesion_index", "scores"))
    lesions = arrays["lesion_index"]
    table = select_lesions(load_table(labels), lesions, scores)
    return Scored(arrays["scores"], table, np.asarray(patients, np.int64)[lesions])


def evaluate_run(
    scored: Mapping[str, Scored],
    parents: Sequence[Sequence[int]],
    threshold_grid: Sequence[float],
    bootstrap_samples: int,
    seed: int,
) -> RunResult:
    """Calibrate on `val` and evaluate `test` and `hand`.

    The resampled patients depend on the seed and the set alone, so that runs are compared in pairs.
    """
    val = scored["val"]
    thresholds = calibrate_thresholds(
        val.scores, val.labels.positive, val.labels.known, threshold_grid
    )
    sets: dict[str, Any] = {}
    bootstrap, tables = {}, []
    for name in ("test", "hand"):
        part = scored[name]
        truth = (part.labels.positive, part.labels.known)
        result = evaluate(part.scores, *truth, thresholds, parents)
        rng = generator(seed, "bootstrap", name)
        weights = patient_weights(part.patients, bootstrap_samples, rng)
        bootstrap[name] = resampled_means(
            part.scores, *truth, thresholds, parents, part.patients, weights
        )
        sets[name] = {
            "summary": result.summary(),
            "lesions": len(part.labels),
            "patients": len(np.unique(part.patients)),
        }
        tables.append(result.per_label.assign(set=name))
    per_label = pd.concat(tables, ignore_index=True)
    return RunResult(
        thresholds, sets, bootstrap, per_label[["set", *per_label.columns.drop("set")]]
    )
