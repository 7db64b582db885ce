"""The training loop of every network. B images, L labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from maknet.data.batch_reader import epoch_order, read_batches
from maknet.data.labeled import Labeled
from maknet.errors import InputError
from maknet.inference.predict import predict_scores
from maknet.metrics import Evaluation, calibrate_thresholds, evaluate
from maknet.metrics.thresholds import GRID
from maknet.models.device import as_input, mixed_precision
from maknet.seeding import seed_torch
from maknet.training.history import History
from maknet.training.losses import WeightedFocalLoss, class_weights
from maknet.training.optimizer import ranger


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained (config sections `training` and `loss`).

    Attributes:
        epochs: Passes over the labeled images.
        batch_size: B.
        learning_rate: Constant.
        gamma: Of the focal loss.
        max_weight: Of a class.
        keep: Which epoch's weights are kept: `last`, or the best validation `auc` or `f1`.
        threshold_grid: Candidate thresholds for the validation F1.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    gamma: float
    max_weight: float
    keep: str
    threshold_grid: Sequence[float] = GRID


class NotFiniteError(InputError):
    """The loss is no number any more; training cannot go on."""


def train(
    network: nn.Module,
    training: Labeled,
    validation: Labeled,
    parents: list[list[int]],
    settings: TrainingSettings,
    seed: int,
    device: torch.device,
    events: Path,
) -> dict[str, Tensor]:
    """Train `network` in place and return the weights of the epoch to keep.

    Args:
        network: As `build_network` returns it.
        training: Labeled images to learn from.
        validation: Labeled images that choose the epoch.
        parents: Of each label, for the validation metrics.
        settings: How.
        seed: Names the streams of order and dropout.
        device: Where.
        events: Folder for TensorBoard.

    Raises:
        NotFiniteError: The loss overflowed, with the step at which it did.
    """
    network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
    weights = class_weights(training.labels.positive, training.labels.known, settings.max_weight)
    loss = WeightedFocalLoss(*weights, gamma=settings.gamma).to(device)
    optimizer = ranger(network.parameters(), settings.learning_rate)
    best, kept = -np.inf, dict[str, Tensor]()
    with History(events) as history:
        for epoch in range(settings.epochs):
            seed_torch(seed, "dropout", epoch)
            mean_loss = _train_epoch(network, training, loss, optimizer, settings, seed, epoch)
            result = _validate(network, validation, parents, settings, device)
            history.add(epoch, loss=mean_loss, auc=result.auc, f1=result.f1,
                        learning_rate=settings.learning_rate)  # fmt: skip
            score = _selection_score(result, settings.keep)
            if score >= best or not kept:
                best = score
                kept = {name: v.detach().cpu().clone() for name, v in network.state_dict().items()}
    return kept


def _train_epoch(
    network: nn.Module,
    training: Labeled,
    loss: WeightedFocalLoss,
    optimizer: Optimizer,
    settings: TrainingSettings,
    seed: int,
    epoch: int,
) -> float:
    """Run one epoch and return its mean loss."""
    network.train()
    device = loss.positive_weight.device
    targets = torch.from_numpy(training.labels.positive).float()
    known = torch.from_numpy(training.labels.known)
    order = epoch_order(len(training.labels), seed, epoch)
    total, count = torch.zeros((), device=device), 0
    batches = read_batches(training.images, order, settings.batch_size, drop_single=True)
    steps = -(-len(order) // settings.batch_size)
    for step, (rows, images) in enumerate(tqdm(batches, f"epoch {epoch + 1}", steps, leave=False)):
        with mixed_precision(device):
            logits = network(as_input(images, device))
        value = head_loss(loss, logits, targets[rows].to(device), known[rows].to(device))
        if not torch.isfinite(value):
            raise NotFiniteError(
                f"The loss is {value.item()} at step {step} of epoch {epoch + 1}; "
                "lower the learning rate or look at the inputs."
            )
        optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call] # torch's stub
        optimizer.step()
        total += value.detach() * len(rows)
        count += len(rows)
    return float(total) / count


def head_loss(
    loss: Callable[[Tensor, Tensor, Tensor], Tensor],
    logits: tuple[Tensor, Tensor],
    targets: Tensor,
    known: Tensor,
) -> Tensor:
    """Sum the loss before and after score propagation; once where there is none."""
    first, final = logits
    value = loss(final, targets, known)
    return value if first is final else value + loss(first, targets, known)


def _validate(
    network: nn.Module,
    validation: Labeled,
    parents: list[list[int]],
    settings: TrainingSettings,
    device: torch.device,
) -> Evaluation:
    labels = validation.labels
    rows = np.arange(len(labels))
    scores = predict_scores(network, validation.images, rows, settings.batch_size, device)
    thresholds = calibrate_thresholds(
        scores, labels.positive, labels.known, settings.threshold_grid
    )
    return evaluate(scores, labels.positive, labels.known, thresholds, parents)


def _selection_score(result: Evaluation, keep: str) -> float:
    """Return what the kept epoch maximizes; equal for all epochs when the last is kept."""
    if keep == "last":
        return 0.0
    value = result.auc if keep == "auc" else result.f1
    return -np.inf if np.isnan(value) else value
