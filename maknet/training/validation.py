"""How good a network is after an epoch: LesaNet's evaluation on the validation images."""

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
        labeled: The images.
        parents: Of each label.
        batch_size: Images at once.
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
    """Return the macro `auc` and `f1` with thresholds calibrated on the same images."""
    thresholds = calibrate_thresholds(scores, labels.positive, labels.known, threshold_grid)
    result = evaluate(scores, labels.positive, labels.known, thresholds, parents)
    return {"auc": result.auc, "f1": result.f1}
