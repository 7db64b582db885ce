"""LesaNet's evaluation, on arrays: AUC, precision, recall and F1 per label and in the mean."""

from maknet.metrics.multilabel import Evaluation, evaluate
from maknet.metrics.thresholds import calibrate_thresholds

__all__ = ["Evaluation", "calibrate_thresholds", "evaluate"]
