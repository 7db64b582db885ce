"""One training as a job: where it runs, when it stops, what it leaves behind."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from maknet.files import write_json
from maknet.models.build import build_network, describe_network, save_weights
from maknet.models.device import find_device
from maknet.seeding import make_deterministic, seed_torch
from maknet.training.checkpoint import Checkpoint
from maknet.training.history import history_to_csv
from maknet.training.interrupt import stop_requests
from maknet.training.loop import Conditions, Plan, train

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Session:
    """How a training job runs; nothing of it changes the result on one kind of device.

    Attributes:
        device: `cpu` or `cuda`.
        threads: Of the job.
        loader_threads: Readers side by side.
        state: File for the state of an unfinished training.
        identity: Digests of what makes the training the one it is, see `Checkpoint`.
        checkpoint_s: Seconds between saved states.
        deadline: When it must stop, in seconds since 1970, None for no deadline.
    """

    device: str
    threads: int
    loader_threads: int
    state: Path
    identity: Mapping[str, str]
    checkpoint_s: float
    deadline: float | None

    def open_device(self) -> torch.device:
        """Return the device, set up so that the same input gives the same bits.

        Raises:
            InputError: A GPU was asked for and none is visible.
        """
        device = find_device(self.device)
        torch.set_num_threads(self.threads)
        make_deterministic()
        return device


def new_network(
    arch: str, labels: int, settings: Mapping[str, Any], seed: int, run: str
) -> nn.Module:
    """Build a network whose first weights belong to the seed and the run."""
    seed_torch(seed, "weights", run)
    return build_network(arch, labels, **settings)


def train_and_save(
    network: nn.Module, arch: str, labels: int, settings: Mapping[str, Any], plan: Plan,
    session: Session, device: torch.device, outputs: Mapping[str, str],
) -> None:  # fmt: skip
    """Train, going on from an earlier attempt, and write `weights`, `network`, `history`, `events`.

    Nothing lies under the names of the outputs before the end, since Snakemake clears them away
    when it starts the same job again.

    Raises:
        InterruptedTrainingError: A signal or the deadline came first; the state is saved.
    """
    description = describe_network(arch, labels, settings)
    logger.info(
        "%s: %s parameters, %d epochs of %d steps", description["title"],
        f"{description['parameters']:,}", plan.epochs, plan.course.steps_per_epoch,
    )  # fmt: skip
    events = session.state.with_suffix(".events")
    checkpoint = Checkpoint(session.state, session.identity, session.checkpoint_s)
    with stop_requests(session.deadline) as stop:
        conditions = Conditions(device, events, session.loader_threads, checkpoint, stop)
        network.load_state_dict(train(network, plan, conditions))
    save_weights(outputs["weights"], network, {"arch": arch})
    write_json(outputs["network"], description)
    history_to_csv(events, Path(outputs["history"]))
    shutil.rmtree(outputs["events"], ignore_errors=True)
    shutil.move(events, outputs["events"])
