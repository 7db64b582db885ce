"""How a job starts, logs, fails, and records what it did: shared by all scripts."""

import errno
import hashlib
import importlib.metadata
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psutil

from maknet.digests import DigestStore
from maknet.errors import InputError
from maknet.records import Step, write_record

logger = logging.getLogger("maknet")
_DECIDING_PACKAGES = ("numpy", "pytorch_optimizer", "torch", "torchvision")


class ScriptJob(Protocol):
    """What the workflow hands to a script, as far as it is used here."""

    rule: str
    threads: int
    resources: Any
    log: Any
    input: Any
    output: Any
    params: Any
    wildcards: Any
    config: Any


@contextmanager
def job(run: ScriptJob, script: str) -> Iterator[None]:
    """Run the job of a script: log it, and write its provenance record when it succeeds.

    Args:
        run: The object that the workflow hands to the script.
        script: Name of the script's file.
    """
    started = datetime.now(UTC)
    with reported_errors(run.log[0]):
        yield
        write_record(_step(run, script), started)
        # Only now is nothing lost without it.
        _state_path(run).unlink(missing_ok=True)


def _step(run: ScriptJob, script: str) -> Step:
    return Step(
        rule=run.rule,
        wildcards=dict(run.wildcards.items()),
        params=dict(run.params.items()),
        inputs=list(run.input),
        outputs=list(run.output),
        script=f"scripts/{script}",
        results=run.config["paths"]["results"],
    )


def training_session(run: ScriptJob) -> dict[str, Any]:
    """Return the fields of `maknet.training.session.Session` for a training's job.

    The state lies beside the results under the name of the run, since Snakemake deletes the outputs
    of a job that failed. What only says how a job runs is read from the configuration, not from the
    parameters, so that a change of it runs nothing anew.
    """
    how = run.config["jobs"]
    device = run.params.device
    usable = time_left(getattr(run.resources, "runtime", None), how["deadline_margin_s"])
    return {
        "device": device,
        "threads": run.threads,
        "loader_threads": how["loader_threads"],
        "state": _state_path(run),
        "identity": _identity(run, run.threads if device == "cpu" else None),
        "checkpoint_s": how["checkpoint_s"],
        "deadline": None if usable is None else psutil.Process().create_time() + usable,
    }


def _state_path(run: ScriptJob) -> Path:
    """Return where the state of a training lies; a job that does not train has none there."""
    weights = getattr(run.output, "weights", None)
    name = "none" if weights is None else Path(weights).parent.name
    return Path(run.config["paths"]["results"]) / "state" / f"{name}.pt"


def _identity(run: ScriptJob, threads: int | None) -> dict[str, str]:
    """Return digests of what decides a training's result, for the state of an unfinished one."""
    params = {name: value for name, value in run.params.items() if name != "code"}
    versions = {name: importlib.metadata.version(name) for name in _DECIDING_PACKAGES}
    settings = {**params, "threads": threads, **versions}
    text = json.dumps(settings, sort_keys=True, default=str)
    return {
        "settings": hashlib.sha256(text.encode()).hexdigest()[:16],
        "inputs": DigestStore(run.config["paths"]["results"]).joint(run.input),
        "code": run.params.code,
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


@contextmanager
def reported_errors(log_path: str | Path) -> Iterator[None]:
    """Log to a file and to stderr, and end bad input in one sentence and exit code 1.

    Errors that are not the user's to mend keep their traceback.
    """
    _log_to(Path(log_path))
    try:
        yield
    except InputError as error:
        _fail(str(error))
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            where = error.filename or Path.cwd()
            _fail(
                f"The disk is full while writing {where}; free space or set paths.data elsewhere."
            )
        with Path(log_path).open("a", encoding="utf-8") as log_file:
            log_file.write(traceback.format_exc())  # stderr gets it from Python itself
        raise


def _log_to(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        logging.FileHandler(path, "w", "utf-8"),
    ]
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        handlers=handlers,
        force=True,
    )


def _fail(sentence: str) -> None:
    logger.error("error: %s", sentence)
    sys.exit(1)
