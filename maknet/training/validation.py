"""Validation after each epoch: LesaNet's metrics on the validation images. N images, L labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.data.labels.label_table import LabelTable
from maknet.data.shards.labeled_images import LabeledImages
from maknet.inference.scores import predict_scores
from maknet.metrics.multilabel import evaluate
from maknet.metrics.thresholds import GRID, calibrate_thresholds


@dataclass(frozen=True)
class Validation:
    """The validation images and how they are scored.

    Attributes:
        labeled: Validation images with their labels.
        parents: Indices of the parents of each label, L lists.
        batch_size: Images per batch.
        threshold_grid: Candidate thresholds for the F1.
    """

    labeled: LabeledImages
    parents: Sequence[Sequence[int]]
    batch_size: int
    threshold_grid: Sequence[float] = GRID

    def __call__(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the macro `auc` and `f1`, NaN where no label is evaluable."""
        rows = np.arange(len(self.labeled.labels))
        scores = predict_scores(network, self.labeled.images, rows, self.batch_size, device)
        return validation_metrics(scores, self.labeled.labels, self.parents, self.threshold_grid)


def validation_metrics(
    scores: NDArray[np.floating],
    labels: LabelTable,
    parents: Sequence[Sequence[int]],
    threshold_grid: Sequence[float],
) -> dict[str, float]:
    """Return the macro `auc` and `f1` with thresholds calibrated on the same images.

    Args:
        scores: Probabilities, (N, L).
        labels: Labels of the N images or lesions.
        parents: Indices of the parents of each label, L lists.
        threshold_grid: Candidate thresholds for the F1.
    """
    thresholds = calibrate_thresholds(scores, labels.positive, labels.known, threshold_grid)
    result = evaluate(scores, labels.positive, labels.known, thresholds, parents)
    return {name: result.means[name] for name in ("auc", "f1")}
