"""A training as a job of the workflow: its state, its deadline, and what it leaves behind."""

import importlib.metadata
import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import nn

from maknet.config.settings import leaves
from maknet.files import short_sha256, write_json
from maknet.jobs.job import ScriptJob, job, job_config
from maknet.jobs.leftovers import remove_leftovers
from maknet.jobs.numerics import check_bfloat16, compute_threads
from maknet.jobs.script import arguments, script_path
from maknet.models.arithmetic import Arithmetic, check_compiler
from maknet.models.build import NetworkSpec, save_weights
from maknet.models.device import open_device
from maknet.provenance.code import code_digest
from maknet.provenance.digests import DigestStore
from maknet.training.checkpoint import Checkpoint
from maknet.training.history import Settings, history_to_csv
from maknet.training.interrupt import stop_requests
from maknet.training.loop import Recipe, Runtime, fit

logger = logging.getLogger(__name__)
_DECIDING_PACKAGES = ("numpy", "pytorch_optimizer", "torch", "torchvision")


@dataclass(frozen=True)
class TrainingJob:
    """Where and how a training runs and what it writes.

    On one device type, only `arithmetic` changes the result.

    Attributes:
        device: `cpu` or `cuda`.
        arithmetic: How the passes of its steps are computed.
        threads: Number of CPU threads of the job.
        loader_threads: Number of threads that read images ahead.
        state: Checkpoint file of an unfinished training.
        identity: Digests that identify the training, see `Checkpoint`.
        checkpoint_s: Seconds between periodic checkpoints.
        deadline: Time at which it must stop, in seconds since 1970; None for no deadline.
        outputs: Paths of `weights`, `network`, `history` and `events`.
        settings: Settings of the rule by key, for TensorBoard.
    """

    device: str
    arithmetic: Arithmetic
    threads: int
    loader_threads: int
    state: Path
    identity: Mapping[str, str]
    checkpoint_s: float
    deadline: float | None
    outputs: Mapping[str, Path]
    settings: Settings = field(default_factory=dict)

    def open_device(self) -> torch.device:
        """Return the device, set up so that the same input gives the same bits.

        Raises:
            InputError: A GPU was asked for and none can be used, or the device cannot compute as
                `arithmetic` asks.
        """
        device = open_device(self.device, self.threads)
        if self.arithmetic.precision == "bfloat16" and self.device == "cpu":
            check_bfloat16()
        if self.arithmetic.compiled:
            check_compiler(device)
        return device

    def fit(
        self, network: nn.Module, spec: NetworkSpec, recipe: Recipe, device: torch.device
    ) -> None:
        """Train, going on from an earlier attempt, and write the outputs.

        Nothing lies under the names of the outputs before the end, since Snakemake clears them away
        when it starts the same job again.

        Args:
            network: Network that `spec` built, trained in place.
            spec: Description of the network, for `network.json`.
            recipe: Data, objective and schedule of the training.
            device: Device that `open_device` returned.

        Raises:
            InterruptedTrainingError: A signal or the deadline came first; the state is saved.
        """
        description = spec.describe()
        logger.info(
            "%s: %s parameters, %d epochs of %d steps", description["title"],
            f"{description['parameters']:,}", recipe.epochs, recipe.loader.steps_per_epoch,
        )  # fmt: skip
        events = self.state.with_suffix(".events")
        checkpoint = Checkpoint(self.state, self.identity, self.checkpoint_s)
        with stop_requests(self.deadline) as stop:
            runtime = Runtime(device, events, self.loader_threads, checkpoint, stop, self.settings)
            how = replace(recipe, arithmetic=self.arithmetic)
            network.load_state_dict(fit(network, how, runtime))
        save_weights(self.outputs["weights"], network, {"arch": spec.arch})
        write_json(self.outputs["network"], description | self.arithmetic.named())
        history_to_csv(events, self.outputs["history"])
        shutil.rmtree(self.outputs["events"], ignore_errors=True)
        shutil.move(events, self.outputs["events"])


def run_training(snakemake: ScriptJob, main: Callable[..., None]) -> None:
    """Run the `main` of a training script, and keep the training's state until it is recorded.

    The parameter `training_job` of `main` is the `TrainingJob`; the others are bound as
    `maknet.jobs.script.run_script` binds them.

    The state lies beside the results under the name of the run, since Snakemake deletes the outputs
    of a job that failed. What only says how a job runs is read from the configuration, not from the
    parameters, so that a change of it runs nothing anew.

    Args:
        snakemake: The object that the workflow hands to the script.
        main: The script's `main` function.
    """
    script = script_path(main)
    results = Path(snakemake.config["paths"]["results"])
    scenario = results / snakemake.wildcards.get("scenario", "")
    state = scenario / "state" / f"{Path(snakemake.output.weights).parent.name}.pt"
    with job(snakemake, script):
        remove_leftovers([state])
        training_job = _training_job(snakemake, script, state)
        main(**arguments(main, snakemake, training_job=training_job))
    state.unlink(missing_ok=True)  # only now, with the job recorded, is nothing lost without it


def _training_job(snakemake: ScriptJob, script: str, state: Path) -> TrainingJob:
    config, params = job_config(snakemake), snakemake.params
    device = params.device
    settings = config["jobs"]
    runtime, margin = (snakemake.resources.get(n) for n in ("runtime", "deadline_margin_s"))
    usable = usable_seconds(runtime, margin)
    threads = compute_threads(config, snakemake.threads)
    return TrainingJob(
        device=device,
        arithmetic=Arithmetic(params.precision, params.compile),
        threads=threads,
        loader_threads=settings["loader_threads"],
        state=state,
        identity=_identity(snakemake, script, threads if device == "cpu" else None),
        checkpoint_s=settings["checkpoint_s"],
        deadline=None if usable is None else psutil.Process().create_time() + usable,
        outputs={name: Path(path) for name, path in snakemake.output.items()},
        settings={key: _shown(value) for key, value in leaves(params) if key != "code"},
    )


def _shown(value: Any) -> bool | int | float | str:  # noqa: ANN401 - any JSON value
    """Return a setting as TensorBoard takes it: what is no number and no truth value is text."""
    return value if isinstance(value, bool | int | float) else str(value)


def _identity(snakemake: ScriptJob, script: str, threads: int | None) -> dict[str, str]:
    """Return digests of what decides a training's result, for the state of an unfinished one."""
    params = {name: value for name, value in snakemake.params.items() if name != "code"}
    versions = {name: importlib.metadata.version(name) for name in _DECIDING_PACKAGES}
    settings = {**params, "threads": threads, **versions}
    results = snakemake.config["paths"]["results"]
    return {
        "settings": short_sha256(json.dumps(settings, sort_keys=True, default=str)),
        "inputs": DigestStore(results).combined(snakemake.input),
        "code": code_digest(script),
    }


def usable_seconds(runtime_min: float | None, margin_s: float | None) -> float | None:
    """Return how many seconds of its time limit a job may use, None without a deadline.

    Args:
        runtime_min: Time limit in minutes, the rule's resource `runtime`.
        margin_s: Seconds reserved for starting, the last validation and saving, at most half the
            limit; None for no deadline.
    """
    if runtime_min is None or margin_s is None:
        return None
    return max(runtime_min * 30, runtime_min * 60 - margin_s)
