"""How a job starts, logs, fails, and records what it did: shared by all scripts."""

import errno
import logging
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from maknet.errors import InputError
from maknet.records import Step, was_made, write_record
from maknet.writers import sole_writer

logger = logging.getLogger("maknet")


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

    A second job for the same outputs waits, and takes what the first has made.

    Args:
        run: The object that the workflow hands to the script.
        script: Name of the script's file.
    """
    started = datetime.now(UTC)
    step = _step(run, script)
    _log_to(None)
    with sole_writer(step.lock_path) as waited, reported_errors(run.log[0]):
        if waited and was_made(step):
            logger.info("the job that was waited for made the same files: nothing is left to do")
            sys.exit(0)
        yield
        write_record(step, started)


def _step(run: ScriptJob, script: str) -> Step:
    return Step(
        rule=run.rule,
        wildcards=dict(run.wildcards.items()),
        params=dict(run.params.items()),
        inputs=list(run.input),
        outputs=list(run.output),
        script=f"scripts/{script}",
        results=run.config["paths"]["results"],
        config=run.config,
    )


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


def _log_to(path: Path | None) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(path, "w", "utf-8"))
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
