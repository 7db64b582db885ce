"""The training recipe of LesaNet (paper section 4.5, arXiv 1904.04661).

The settings are those of its released code, with the paper's learning rate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from maknet.data.labels.class_weights import inverse_frequency
from maknet.data.labels.ontology import exclusive_matrix
from maknet.data.shards.labeled_patches import LabeledPatches
from maknet.inference.lesanet_scores import score_lesions
from maknet.training.lesanet.batches import PatchLoader
from maknet.training.lesanet.objective import LesaNetObjective, LossSettings
from maknet.training.loop import Recipe
from maknet.training.optimizer import lesanet_sgd
from maknet.training.validation import validation_metrics


@dataclass(frozen=True)
class LesaNetSettings:
    """Training hyperparameters of LesaNet (config section `lesanet`).

    Attributes:
        epochs: Passes over the lesions.
        batch_size: Lesions per step.
        learning_rate: Learning rate before the decay; biases learn twice as fast.
        decay_epoch: Number of epochs before the learning rate is multiplied by `decay`.
        decay: Factor of the learning rate from then on.
        momentum: Momentum of SGD.
        weight_decay: Weight decay of all parameters but biases.
        clip_norm: Maximum gradient norm over all parameters.
        monitor: Epoch whose weights are kept, see `Recipe`.
        window_hu: Lower and upper end of the patches' HU window.
        loss: Weights and sizes of the four losses.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    decay_epoch: int
    decay: float
    momentum: float
    weight_decay: float
    clip_norm: float
    monitor: str
    window_hu: tuple[float, float]
    loss: LossSettings

    @classmethod
    def from_config(cls, section: Mapping[str, Any], learning_rate: float) -> "LesaNetSettings":
        """Read the part of the config section that decides a training."""
        loss = LossSettings(**section["loss"])
        plain = {key: value for key, value in section.items() if key != "loss"}
        plain["window_hu"] = tuple(plain["window_hu"])
        return cls(**plain, learning_rate=learning_rate, loss=loss)


@dataclass(frozen=True)
class _LesionValidation:
    lesions: LabeledPatches
    parents: Sequence[Sequence[int]]
    window_hu: tuple[float, float]
    batch_size: int
    threshold_grid: Sequence[float]

    def __call__(self, network: nn.Module, device: torch.device) -> dict[str, float]:
        part = self.lesions
        scores = score_lesions(
            network, part.patches, part.boxes, self.window_hu, self.batch_size, device
        )
        return validation_metrics(scores, part.labels, self.parents, self.threshold_grid)


def lesanet_recipe(
    training: LabeledPatches, validation: LabeledPatches, relations: Mapping[str, Any],
    settings: LesaNetSettings, evaluation: Mapping[str, Any], seed: int, device: torch.device,
) -> Recipe:  # fmt: skip
    """Return the recipe of a LesaNet training.

    Args:
        training: Lesions to train on.
        validation: Lesions that choose the epoch.
        relations: Content of `relations.json`: names, parents and exclusive pairs of the labels.
        settings: Training hyperparameters.
        evaluation: `batch_size` and `threshold_grid` of the validation.
        seed: Seed of the order and of what the losses sample.
        device: Device on which the loss is computed.
    """
    table = training.labels
    known, positive = table.known.sum(0), (table.positive & table.known).sum(0)
    weights = inverse_frequency(known, positive, settings.loss.max_weight)
    positive_weight, negative_weight = map(torch.from_numpy, weights)
    matrix = exclusive_matrix(relations["exclusive_pairs"], len(relations["names"]))
    exclusive = torch.from_numpy(matrix.astype(np.float32)).to(device)
    objective = LesaNetObjective(
        (positive_weight.to(device), negative_weight.to(device)),
        exclusive,
        settings.loss,
        settings.window_hu,
    )
    return Recipe(
        PatchLoader(training, settings.batch_size, seed), objective,
        partial(lesanet_sgd, momentum=settings.momentum, weight_decay=settings.weight_decay),
        _LesionValidation(validation, relations["parents"], settings.window_hu, **evaluation),
        settings.epochs, settings.monitor, seed,
        lambda epoch: settings.learning_rate
        * (settings.decay if epoch >= settings.decay_epoch else 1.0),
        settings.clip_norm,
    )  # fmt: skip
