"""Per-label metrics and their means, exactly as LesaNet computes them.

Source: LesaNet's released evaluation (arXiv 1904.04661, section 4), which the paper follows.
Three conventions differ from scikit-learn's defaults and decide the printed numbers:

* a label without a known positive and a known negative is left out of every mean;
* the precision of a label that is never predicted is 1, not 0;
* the mean F1 is the mean of the labels' F1, not the F1 of the mean precision and recall.

The usual convention (precision 0) is reported beside it. N images, L labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.metrics.thresholds import expand_to_parents, predict

METRICS = ("auc", "f1", "precision", "recall")


@dataclass(frozen=True)
class Evaluation:
    """Means over the evaluable labels, and the table they come from.

    Attributes:
        auc: Macro mean of the area under the ROC curve.
        f1: Macro mean F1.
        precision: Macro mean precision, 1 for labels that are never predicted.
        recall: Macro mean recall.
        precision_standard: Macro mean precision, 0 for labels that are never predicted.
        never_predicted: Number of evaluable labels that are never predicted.
        evaluable: Number of labels with a known positive and a known negative.
        per_label: One row a label: label index, positives, negatives, predicted, threshold, auc,
            f1, precision, recall; the metrics are NaN where the label is not evaluable.
    """

    auc: float
    f1: float
    precision: float
    recall: float
    precision_standard: float
    never_predicted: int
    evaluable: int
    per_label: pd.DataFrame

    def summary(self) -> dict[str, float | int | None]:
        """Return the means and counts as JSON values; an undefined mean is None."""
        names = (*METRICS, "precision_standard", "never_predicted", "evaluable")
        return {name: _json_number(getattr(self, name)) for name in names}


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
    """
    per_label = label_metrics(scores, positive, known, thresholds, parents)
    kept = per_label[(per_label["positives"] > 0) & (per_label["negatives"] > 0)]
    means = kept[list(METRICS)].mean()
    never_predicted = kept["predicted"] == 0
    return Evaluation(
        auc=float(means["auc"]),
        f1=float(means["f1"]),
        precision=float(means["precision"]),
        recall=float(means["recall"]),
        precision_standard=float(kept["precision"].where(~never_predicted, 0.0).mean()),
        never_predicted=int(never_predicted.sum()),
        evaluable=len(kept),
        per_label=per_label,
    )


def label_metrics(
    scores: NDArray[np.floating],
    positive: NDArray[np.bool_],
    known: NDArray[np.bool_],
    thresholds: NDArray[np.floating],
    parents: Sequence[Sequence[int]],
) -> pd.DataFrame:
    """Return `Evaluation.per_label`; see `evaluate` for the arguments."""
    if not np.isfinite(scores).all():
        raise InputError("Some scores are not finite; train the run anew.")
    predicted = expand_to_parents(predict(scores, thresholds), parents) & known
    wanted = positive & known
    positives, negatives = wanted.sum(0), (~positive & known).sum(0)
    true_positives, predicted_positives = (predicted & wanted).sum(0), predicted.sum(0)
    evaluable = (positives > 0) & (negatives > 0)
    precision = np.where(
        predicted_positives > 0, true_positives / np.maximum(predicted_positives, 1), 1.0
    )
    recall = true_positives / np.maximum(positives, 1)
    f1 = 2 * true_positives / np.maximum(predicted_positives + positives, 1)
    blank = np.where(evaluable, 0.0, np.nan)
    return pd.DataFrame(
        {
            "label": np.arange(scores.shape[1]),
            "positives": positives,
            "negatives": negatives,
            "predicted": predicted_positives,
            "threshold": thresholds,
            "auc": area_under_curve(scores, positive, known),
            "f1": f1 + blank,
            "precision": precision + blank,
            "recall": recall + blank,
        }
    )


def area_under_curve(
    scores: NDArray[np.floating], positive: NDArray[np.bool_], known: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the AUC of each label, (L,), NaN without a known positive and a known negative.

    The rank-sum form of the AUC: ties count half.
    """
    return np.array(
        [
            _auc_of_label(scores[known[:, j], j], positive[known[:, j], j])
            for j in range(scores.shape[1])
        ]
    )


def _auc_of_label(scores: NDArray[np.floating], positive: NDArray[np.bool_]) -> float:
    from scipy.stats import rankdata

    ones = int(positive.sum())
    zeros = len(positive) - ones
    if not ones or not zeros:
        return float("nan")
    rank_sum = float(rankdata(scores)[positive].sum())
    return (rank_sum - ones * (ones + 1) / 2) / (ones * zeros)


def _json_number(value: float) -> float | int | None:
    if isinstance(value, int):
        return value
    return None if np.isnan(value) else float(value)
