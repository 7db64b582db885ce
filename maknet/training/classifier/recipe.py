"""The training recipe of tables 1 and 2: weighted focal loss and Ranger (paper section 4.2).

L labels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from maknet.data.labels.class_weights import ClassWeighting
from maknet.training.classifier.batches import BatchLoader
from maknet.training.classifier.losses import WeightedFocalLoss
from maknet.training.classifier.objective import Objective
from maknet.training.loop import Recipe
from maknet.training.optimizer import ranger
from maknet.training.validation import Validation


@dataclass(frozen=True)
class FocalSettings:
    """Training hyperparameters of a classifier.

    Attributes:
        epochs: Passes over the images of the first stream.
        learning_rate: Constant learning rate.
        monitor: Epoch whose weights are kept: `last`, or the best validation `auc` or `f1`.
        gamma: Focusing parameter of the focal loss.
        weighting: Class weights of the focal loss.
    """

    epochs: int
    learning_rate: float
    monitor: str
    gamma: float
    weighting: ClassWeighting

    @classmethod
    def from_config(cls, section: Mapping[str, Any], loss: Mapping[str, Any]) -> "FocalSettings":
        """Read the config section `training`, `student` or `pretraining`, and `loss`."""
        return cls(
            section["epochs"], section["learning_rate"], section["monitor"], loss["gamma"],
            ClassWeighting.from_config(loss),
        )  # fmt: skip


def focal_recipe(
    loader: BatchLoader, balance: tuple[NDArray[np.integer], NDArray[np.integer]],
    settings: FocalSettings, validate: Validation, seed: int, device: torch.device,
) -> Recipe:  # fmt: skip
    """Return the recipe of a classifier training.

    Args:
        loader: Source of the batches.
        balance: Number of known and of positive entries of each label, (L,) each, from which the
            class weights follow.
        settings: Training hyperparameters.
        validate: Validation that runs after every epoch.
        seed: Seed of the dropout masks.
        device: Device on which the loss is computed.
    """
    positive, negative = map(torch.from_numpy, settings.weighting.weights(*balance))
    loss = WeightedFocalLoss(positive, negative, settings.gamma).to(device)
    shares = [stream.weight for stream in loader.streams]
    return Recipe(
        loader, Objective(loss, shares, loader.augmentation),
        partial(ranger, learning_rate=settings.learning_rate), validate,
        settings.epochs, settings.monitor, seed, lambda epoch: settings.learning_rate,
    )  # fmt: skip
