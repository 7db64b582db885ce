"""Per-label metrics and their means, exactly as LesaNet computes them.

Source: LesaNet's released evaluation (arXiv 1904.04661, section 4), which the paper follows.
Four conventions differ from scikit-learn's defaults and decide the printed numbers:

* a label without a known positive and a known negative is left out of every mean;
* a prediction exists only where the entry is known and the label is not left out; predicted labels
  then switch on their parents, and what was left out switches on none;
* the precision of a label that is never predicted is 1, not 0;
* the mean F1 is the mean of the labels' F1, not the F1 of the mean precision and recall.

Beside them stand the usual precision (0 for a label that is never predicted), the average
precision, and all means over the frequent labels alone. N images, L labels, M measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.metrics.ranking import area_under_curve, average_precision
from maknet.metrics.thresholds import expand_to_parents, predict

METRICS = ("auc", "f1", "precision", "recall")  # what the paper's tables print
PER_LABEL = (*METRICS, "precision_standard", "average_precision")
MIN_POSITIVES = 10  # of a frequent label
# Means over the evaluable labels, then over the frequent ones.
MEASURES = (*PER_LABEL, *(f"{name}_frequent" for name in PER_LABEL))


@dataclass(frozen=True)
class Evaluation:
    """Means over labels, and the table they come from.

    Attributes:
        means: `MEASURES` by name: macro means over the evaluable labels, and under names that end
            in `_frequent` over those with at least `MIN_POSITIVES` positives; NaN where there is
            no such label. `precision` counts 1 for a label that is never predicted,
            `precision_standard` 0.
        never_predicted: Number of evaluable labels that are never predicted.
        evaluable: Number of labels with a known positive and a known negative.
        frequent: Number of evaluable labels with at least `MIN_POSITIVES` positives.
        per_label: One row per label: label index, positives, negatives, predicted, threshold and
            `PER_LABEL`; the metrics are NaN where the label is not evaluable.
    """

    means: dict[str, float]
    never_predicted: int
    evaluable: int
    frequent: int
    per_label: pd.DataFrame

    def summary(self) -> dict[str, float | int | None]:
        """Return the means and counts as JSON values; an undefined mean is None."""
        means = {name: None if np.isnan(value) else value for name, value in self.means.items()}
        return {
            **means,
            "never_predicted": self.never_predicted,
            "evaluable": self.evaluable,
            "frequent": self.frequent,
        }


def evaluate(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
) -> Evaluation:
    """Evaluate probabilities against labels.

    Args:
        scores: Probabilities in [0, 1], (N, L).
        positive: (N, L).
        known: (N, L); entries that are not known are left out.
        thresholds: (L,), from `calibrate_thresholds`.
        parents: For each label the labels that it switches on (`Ontology.parents`).

    Raises:
        InputError: A score is not finite.
    """
    per_label = label_metrics(scores, positive, known, thresholds, parents)
    kept = per_label[evaluable_labels(positive, known)]
    often = kept[kept["positives"] >= MIN_POSITIVES]
    return Evaluation(
        means={name: float(kept[name].mean()) for name in PER_LABEL}
        | {f"{name}_frequent": float(often[name].mean()) for name in PER_LABEL},
        never_predicted=int((kept["predicted"] == 0).sum()),
        evaluable=len(kept),
        frequent=len(often),
        per_label=per_label,
    )


def evaluable_labels(positive: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which labels have a known positive and a known negative, (L,)."""
    return np.asarray((positive & known).any(0) & (~positive & known).any(0))


def predicted_labels(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
) -> NDArray[np.bool_]:
    """Return LesaNet's decisions (N, L), False where an entry is not known; see `evaluate`."""
    exists = known & evaluable_labels(positive, known)
    return expand_to_parents(predict(scores, thresholds) & exists, parents) & known


def label_metrics(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
) -> pd.DataFrame:
    """Return `Evaluation.per_label`; see `evaluate` for the arguments.

    Raises:
        InputError: A score is not finite.
    """
    if not np.isfinite(scores).all():
        raise InputError("Some scores are not finite; train the run anew.")
    predicted = predicted_labels(scores, positive, known, thresholds, parents)
    wanted = positive & known
    positives, negatives = wanted.sum(0), (~positive & known).sum(0)
    true_positives, predicted_positives = (predicted & wanted).sum(0), predicted.sum(0)
    share = true_positives / np.maximum(predicted_positives, 1)
    metrics = {
        "auc": area_under_curve(scores, positive, known),
        "f1": 2 * true_positives / np.maximum(predicted_positives + positives, 1),
        "precision": np.where(predicted_positives > 0, share, 1.0),
        "recall": true_positives / np.maximum(positives, 1),
        "precision_standard": share,
        "average_precision": average_precision(scores, positive, known),
    }
    blank = np.where(evaluable_labels(positive, known), 0.0, np.nan)
    return pd.DataFrame(
        {
            "label": np.arange(scores.shape[1]),
            "positives": positives,
            "negatives": negatives,
            "predicted": predicted_positives,
            "threshold": thresholds,
            **{name: values + blank for name, values in metrics.items()},
        }
    )
