"""A training as a job of the workflow: its state, its identity, its deadline."""

import hashlib
import importlib.metadata
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from maknet.digests import DigestStore
from maknet.jobs import ScriptJob, job
from maknet.provenance import code_digest
from maknet.training.session import Session

_DECIDING_PACKAGES = ("numpy", "pytorch_optimizer", "torch", "torchvision")


@contextmanager
def training_job(run: ScriptJob, script: str) -> Iterator[Session]:
    """Run the job of a training script, as `maknet.jobs.job` does, and keep its state until then.

    The state lies beside the results under the name of the run, since Snakemake deletes the outputs
    of a job that failed. What only says how a job runs is read from the configuration, not from the
    parameters, so that a change of it runs nothing anew.

    Args:
        run: The object that the workflow hands to the script.
        script: Name of the script's file.
    """
    results = Path(run.config["paths"]["results"])
    state = results / "state" / f"{Path(run.output.weights).parent.name}.pt"
    with job(run, script):
        how, device = run.config["jobs"], run.params.device
        runtime, margin = (run.resources.get(name) for name in ("runtime", "deadline_margin_s"))
        usable = time_left(runtime, margin)
        yield Session(
            device=device,
            threads=run.threads,
            loader_threads=how["loader_threads"],
            state=state,
            identity=_identity(run, script, run.threads if device == "cpu" else None),
            checkpoint_s=how["checkpoint_s"],
            deadline=None if usable is None else psutil.Process().create_time() + usable,
        )
    state.unlink(missing_ok=True)  # only now, with the job recorded, is nothing lost without it


def _identity(run: ScriptJob, script: str, threads: int | None) -> dict[str, str]:
    """Return digests of what decides a training's result, for the state of an unfinished one."""
    params = {name: value for name, value in run.params.items() if name != "code"}
    versions = {name: importlib.metadata.version(name) for name in _DECIDING_PACKAGES}
    settings = {**params, "threads": threads, **versions}
    text = json.dumps(settings, sort_keys=True, default=str)
    return {
        "settings": hashlib.sha256(text.encode()).hexdigest()[:16],
        "inputs": DigestStore(run.config["paths"]["results"]).joint(run.input),
        "code": code_digest(f"scripts/{script}"),
    }


def time_left(runtime_min: float | None, margin_s: float | None) -> float | None:
    """Return the seconds that a job may work of its time limit.

    Args:
        runtime_min: The limit in minutes, as the rule declares it.
        margin_s: Kept for starting, for the last validation and for saving, at most half the limit;
            None for no deadline.
    """
    if runtime_min is None or margin_s is None:
        return None
    return max(runtime_min * 30, runtime_min * 60 - margin_s)
