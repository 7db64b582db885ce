"""How LesaNet is trained: its released code's settings, with the paper's learning rate (4.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from maknet.data.labels.ontology import exclusive_matrix
from maknet.data.shards.labeled_patches import LabeledPatches
from maknet.inference.lesanet_scores import score_lesions
from maknet.training.class_weights import class_weights
from maknet.training.lesanet.batches import PatchLoader
from maknet.training.lesanet.objective import LesaNetObjective, LossSettings
from maknet.training.loop import Recipe
from maknet.training.optimizer import lesanet_sgd
from maknet.training.validation import validation_metrics


@dataclass(frozen=True)
class LesaNetSettings:
    """How LesaNet is trained (config section `lesanet`).

    Attributes:
        epochs: Passes over the lesions.
        batch_size: Lesions a step.
        learning_rate: Until `decay_epoch`; biases learn twice as fast.
        decay_epoch: Epochs after which the rate is multiplied by `decay`.
        decay: The factor.
        momentum: Of SGD.
        weight_decay: Of all parameters but biases.
        clip_norm: Largest norm of the gradient of all parameters together.
        monitor: As in `Recipe`.
        window_hu: Of the patches.
        loss: Of the four losses.
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
    """Return the plan of a LesaNet training.

    Args:
        training: Lesions to learn from.
        validation: Lesions that choose the epoch.
        relations: `relations.json`: names, parents and exclusive pairs of the labels.
        settings: How.
        evaluation: `batch_size` and `threshold_grid` of the validation.
        seed: Names the random streams.
        device: Where the loss is computed.
    """
    table = training.labels
    known, positive = table.known.sum(0), (table.positive & table.known).sum(0)
    positive_weight, negative_weight = class_weights(known, positive, settings.loss.max_weight)
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
