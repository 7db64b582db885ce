"""One job of the workflow: its log, its lock, its errors, and the record that it leaves."""

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
from maknet.jobs.locks import output_lock
from maknet.provenance.records import JobSpec, is_up_to_date, write_record

logger = logging.getLogger("maknet")


class ScriptJob(Protocol):
    """The object `snakemake` that the workflow hands to a script, as far as it is used here."""

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
def job(snakemake: ScriptJob, script: str) -> Iterator[None]:
    """Run a job: log it, and write its provenance record when it succeeds.

    A second job for the same outputs waits, and takes what the first has made.

    Args:
        snakemake: The object that the workflow hands to the script.
        script: The script's path below the root of the checkout.
    """
    started = datetime.now(UTC)
    spec = _job_spec(snakemake, script)
    _log_to(None)
    with output_lock(spec.lock_path) as waited, error_reporting(snakemake.log[0]):
        if waited and is_up_to_date(spec):
            logger.info("the job that was waited for made the same files: nothing is left to do")
            sys.exit(0)
        yield
        write_record(spec, started)


def _job_spec(snakemake: ScriptJob, script: str) -> JobSpec:
    return JobSpec(
        rule=snakemake.rule,
        wildcards=dict(snakemake.wildcards.items()),
        params=dict(snakemake.params.items()),
        inputs=list(snakemake.input),
        outputs=list(snakemake.output),
        script=script,
        results=snakemake.config["paths"]["results"],
        config=snakemake.config,
    )


@contextmanager
def error_reporting(log_path: str | Path) -> Iterator[None]:
    """Log to a file and to stderr; report an `InputError` in one sentence and exit with 1.

    A full disk is reported in the same way; all other errors keep their traceback.

    Args:
        log_path: Log file of the job, replaced.
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
