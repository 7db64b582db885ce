"""The training loop of every network, which can be stopped and resumed at any step.

Nothing in it depends on what happened before the step but the saved state: order, augmentation and
dropout are drawn from (seed, purpose, epoch, step), so that a resumed training ends with the same
bits as one that was never stopped.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from maknet.errors import InputError
from maknet.models.arithmetic import Arithmetic, StepNetwork
from maknet.progress import progress
from maknet.seeding import seed_torch
from maknet.training.checkpoint import Checkpoint, State
from maknet.training.history import Entry, History, Settings
from maknet.training.interrupt import InterruptedTrainingError, StopReason

logger = logging.getLogger(__name__)
_CHECK_EVERY = 25  # steps between looks at the loss: each look waits for the GPU


class Loader(Protocol):
    """Source of training batches; `maknet.training.classifier.batches.BatchLoader` is one.

    Attributes:
        steps_per_epoch: Number of batches of an epoch.
        batch_size: Number of images of every batch but the last of an epoch, which may be smaller.
    """

    steps_per_epoch: int
    batch_size: int

    def batches(
        self, epoch: int, first_step: int, device: torch.device, threads: int
    ) -> Iterator[Any]:
        """Yield the remaining batches of an epoch.

        Args:
            epoch: Epoch, counted from 0.
            first_step: First step of the epoch to yield, counted from 0.
            device: Device that the batches are moved to.
            threads: Number of threads that read ahead.
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the result of a training.

    Attributes:
        loader: Source of the batches.
        objective: Maps what calls the network, batch and device to the loss of a step, a scalar.
        optimizer: Makes the optimizer of a network.
        validate: Maps network and device to validation values by name, after every epoch.
        epochs: Number of epochs.
        monitor: Epoch whose weights are kept: `last`, or the one with the largest validation value
            of this name.
        seed: Seed of what is drawn within a step, such as dropout masks.
        learning_rate: Maps the epoch, counted from 0, to the learning rate; a parameter group's
            `lr_scale` multiplies it.
        clip_norm: Maximum gradient norm over all parameters, None for no clipping.
        arithmetic: How the passes of a step are computed.
    """

    loader: Loader
    objective: Callable[[Callable[..., Any], Any, torch.device], Tensor]
    optimizer: Callable[[nn.Module], Optimizer]
    validate: Callable[[nn.Module, torch.device], dict[str, float]]
    epochs: int
    monitor: str
    seed: int
    learning_rate: Callable[[int], float]
    clip_norm: float | None = None
    arithmetic: Arithmetic = Arithmetic()  # noqa: RUF009 - it is frozen


@dataclass(frozen=True)
class Runtime:
    """Where and how long a training runs; none of it changes the result on one device type.

    Attributes:
        device: Device to train on.
        events: Folder of the TensorBoard events.
        loader_threads: Number of threads that read images ahead.
        checkpoint: Checkpoint of the training, None to save none.
        stop: Returns the reason to stop before the end, or None.
        settings: Settings of the training by key, for TensorBoard.
    """

    device: torch.device
    events: Path
    loader_threads: int = 1
    checkpoint: Checkpoint | None = None
    stop: StopReason = field(default=lambda: None)
    settings: Settings = field(default_factory=dict)


class NotFiniteError(InputError):
    """The loss is NaN or infinite; the training cannot go on."""


def fit(network: nn.Module, recipe: Recipe, runtime: Runtime) -> dict[str, Tensor]:
    """Train a network, from its saved state if there is one.

    Args:
        network: Network to train, in place.
        recipe: Data, objective and schedule of the training.
        runtime: Device, TensorBoard folder and checkpoint.

    Returns:
        State dict of the epoch that `recipe.monitor` chooses, on the CPU.

    Raises:
        NotFiniteError: The loss is NaN or infinite; the message names the step.
        InterruptedTrainingError: It was told to stop; its state is saved if it has a checkpoint.
    """
    network.to(runtime.device, memory_format=torch.channels_last)  # type: ignore[call-overload] # torch's stub
    trainer = Trainer(network, recipe, runtime)
    total = recipe.epochs * recipe.loader.steps_per_epoch
    done = trainer.epoch * recipe.loader.steps_per_epoch + trainer.step
    with (
        History(runtime.events, trainer.entries, runtime.settings) as history,
        progress("training", total, "step", done) as bar,
    ):
        while trainer.epoch < recipe.epochs:
            trainer.train_epoch(bar.update)
            values = trainer.end_epoch(history)
            shown = {name: f"{value:.3f}" for name, value in values.items()}
            bar.set_postfix({"epoch": trainer.epoch, **shown}, refresh=False)
    trainer.save()  # until its results are recorded, a job may still be lost
    return trainer.kept


class Trainer:
    """A training in progress: network, optimizer, position, and the best weights so far.

    Args:
        network: Network to train, in place.
        recipe: Data, objective and schedule of the training.
        runtime: Device, TensorBoard folder and checkpoint, from which the state is restored.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, runtime: Runtime) -> None:
        self.network, self.recipe, self.runtime = network, recipe, runtime
        self.optimizer = recipe.optimizer(network)
        self._step = StepNetwork(network, recipe.arithmetic, recipe.loader.batch_size)
        self.epoch = self.step = 0
        self.loss_sum = torch.zeros((), device=runtime.device)
        self.best = -math.inf
        self.kept: dict[str, Tensor] = {}
        self.entries: list[Entry] = []
        state = runtime.checkpoint.load() if runtime.checkpoint else None
        if state is not None:
            self._restore(state)

    def train_epoch(self, after_step: Callable[[], object]) -> None:
        """Run the remaining steps of the epoch.

        Args:
            after_step: Called after every step.
        """
        self.network.train()
        device, recipe = self.runtime.device, self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate(self.epoch) * group.get("lr_scale", 1.0)
        first_bad = torch.full((), -1, device=device)
        batches = recipe.loader.batches(self.epoch, self.step, device, self.runtime.loader_threads)
        self._started = (time.monotonic(), self.step)
        for batch in batches:
            seed_torch(recipe.seed, "dropout", self.epoch, self.step)
            loss = recipe.objective(self._step, batch, device)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call] # torch's stub
            if recipe.clip_norm is not None:
                nn.utils.clip_grad_norm_(self.network.parameters(), recipe.clip_norm)
            self.optimizer.step()
            self.loss_sum += loss.detach()
            first_bad = torch.where((first_bad < 0) & ~loss.isfinite(), self.step, first_bad)
            self.step += 1
            after_step()
            last = self.step == recipe.loader.steps_per_epoch
            if last or self.step % _CHECK_EVERY == 0:
                self._check(first_bad)
            self._save_or_stop(first_bad)

    def end_epoch(self, history: History) -> dict[str, float]:
        """Validate, write the history, and keep the weights if they are the best so far."""
        started_at, first_step = self._started
        steps = self.step - first_step
        seconds = time.monotonic() - started_at
        rate = steps * self.recipe.loader.batch_size / seconds if steps else math.nan
        values = self.recipe.validate(self.network, self.runtime.device)
        mean_loss = float(self.loss_sum) / self.recipe.loader.steps_per_epoch
        lr = self.recipe.learning_rate(self.epoch)
        shown = {"loss": mean_loss, **values, "learning_rate": lr}
        history.add(self.epoch, {**shown, "speed/images_per_s": rate})
        history.add_images(self._step.first_images)
        self._step.first_images = None
        self.entries = history.entries
        self._keep_best(values)
        self.epoch, self.step = self.epoch + 1, 0
        self.loss_sum = torch.zeros_like(self.loss_sum)
        return values

    def _keep_best(self, values: dict[str, float]) -> None:
        if self.recipe.monitor == "last":
            wanted = self.epoch == self.recipe.epochs - 1
        else:
            score = values[self.recipe.monitor]
            score = -math.inf if math.isnan(score) else score
            wanted = score >= self.best or not self.kept
            self.best = max(score, self.best)
        if wanted:
            state = self.network.state_dict()
            self.kept = {name: value.detach().cpu().clone() for name, value in state.items()}

    def _save_or_stop(self, first_bad: Tensor) -> None:
        """Save when it is time to, and stop when told so."""
        checkpoint, reason = self.runtime.checkpoint, self.runtime.stop()
        if checkpoint is not None and (reason or checkpoint.due()):
            self._check(first_bad)
            self.save()
        if reason:
            what_next = (
                "its state is saved, start it again to go on" if checkpoint else "start anew"
            )
            raise InterruptedTrainingError(
                f"The training was {reason} after step {self.step} of epoch {self.epoch + 1}; "
                f"{what_next}."
            )

    def save(self) -> None:
        """Save the state if there is a checkpoint."""
        if self.runtime.checkpoint is not None:
            self.runtime.checkpoint.save(self._state())

    def _check(self, first_bad: Tensor) -> None:
        if first_bad >= 0:
            raise NotFiniteError(
                f"The loss is not finite at step {int(first_bad) + 1} of epoch {self.epoch + 1}; "
                "lower the learning rate or check the inputs."
            )

    def _state(self) -> State:
        return {
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch, "step": self.step, "loss_sum": self.loss_sum,
            "best": self.best, "kept": self.kept, "entries": self.entries,
        }  # fmt: skip

    def _restore(self, state: State) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.step = state["epoch"], state["step"]
        self.loss_sum = state["loss_sum"].to(self.runtime.device)
        self.best, self.kept, self.entries = state["best"], state["kept"], state["entries"]
        logger.info("going on after step %d of epoch %d", self.step, self.epoch + 1)
