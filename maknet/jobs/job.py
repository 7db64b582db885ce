"""One job of the workflow: its log, its lock, its errors, and the record that it leaves."""

import contextlib
import gc
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from maknet.config.rule_settings import own_name
from maknet.config.scenarios import name_of, with_scenario
from maknet.errors import InputError
from maknet.files import full_disk, writing
from maknet.jobs.full_disk import folders_by_setting, full_disk_sentence
from maknet.jobs.leftovers import remove_leftovers
from maknet.jobs.locks import output_lock
from maknet.jobs.numerics import check_cpu, keep_numerics
from maknet.provenance.record_writer import JobSpec, RecordWriter, is_up_to_date

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
def job(snakemake: ScriptJob, script: str) -> Iterator[RecordWriter]:
    """Run a job: log it, and write its provenance record when it succeeds.

    A second job for the same outputs waits, and takes what the first has made.

    Args:
        snakemake: The object that the workflow hands to the script.
        script: The script's path below the root of the checkout.

    Yields:
        The writer of its record, which tells the root of an output.
    """
    started = datetime.now(UTC)
    config = job_config(snakemake)
    keep_numerics(config)
    spec = _job_spec(snakemake, script)
    paths, scratch = snakemake.config["paths"], snakemake.resources.get("scratch")
    folders = folders_by_setting(paths, scratch)
    # The log is the first job's until its lock is ours; a lock has errors too.
    with (
        _quick_end(),
        error_reporting(None, folders),
        output_lock(spec.lock_path) as waited,
        error_reporting(snakemake.log[0], folders),
    ):
        remove_leftovers([*spec.outputs, spec.record_path])
        if waited and is_up_to_date(spec):
            logger.info("the job waited for has made the same files: nothing is left to do")
            sys.exit(0)
        check_cpu(config)
        writer = RecordWriter(spec, started)
        yield writer
        writer.write()


@contextmanager
def _quick_end() -> Iterator[None]:
    """Let Python end without a look at all objects of torch: half a second of each job."""
    try:
        yield
    finally:
        gc.freeze()


def job_config(snakemake: ScriptJob) -> dict[str, Any]:
    """Return the configuration of a job: its scenario's, if the job is one of a scenario."""
    return with_scenario(snakemake.config, name_of(snakemake.wildcards.get("scenario", "")))


def _job_spec(snakemake: ScriptJob, script: str) -> JobSpec:
    return JobSpec(
        rule=own_name(snakemake.rule, script),
        wildcards=dict(snakemake.wildcards.items()),
        params=dict(snakemake.params.items()),
        inputs=list(snakemake.input),
        outputs=list(snakemake.output),
        script=script,
        results=snakemake.config["paths"]["results"],
        config=job_config(snakemake),
    )


@contextmanager
def error_reporting(
    log_path: str | Path | None, folders: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Log to a file and to stderr; report an `InputError` in one sentence and exit with 1.

    A full disk is reported in the same way; all other errors keep their traceback.

    Args:
        log_path: Log file of the job, replaced; None for stderr alone.
        folders: Folders that the job writes to, by the setting that moves them.
    """
    log = None if log_path is None else Path(log_path)
    folders = folders or {}
    try:
        with _quiet_threads():
            _log_to(log, folders)
            yield
    except InputError as error:
        _fail(str(error))
    except Exception as error:
        full = full_disk(error)
        if full is not None:
            _fail(full_disk_sentence(full, folders))
        if log is not None:
            with contextlib.suppress(OSError), log.open("a", encoding="utf-8") as handle:
                handle.write(traceback.format_exc())  # stderr gets it from Python itself
        raise


@contextmanager
def _quiet_threads() -> Iterator[None]:
    """Print no traceback of a full disk from a thread: who waits for the thread raises it again."""
    before = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if full_disk(arguments.exc_value) is None:
            before(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before


class _LogFile(logging.FileHandler):
    """A log that a full disk ends, but not the job: stderr has all of it."""

    def __init__(self, path: Path, folders: Mapping[str, str]) -> None:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            super().__init__(path, "w", "utf-8")
        self._folders = folders

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Tell of a full disk once, and write no more."""
        full = full_disk(sys.exception())
        if full is None:
            super().handleError(record)
            return
        logging.getLogger().removeHandler(self)
        with contextlib.suppress(OSError):
            self.close()
        full.filename = self.baseFilename
        sentence = full_disk_sentence(full, self._folders)
        logger.warning("%s Until then, the log goes to stderr only.", sentence)


def _log_to(path: Path | None, folders: Mapping[str, str]) -> None:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        handlers=handlers if path is None else [*handlers, _LogFile(path, folders)],
        force=True,
    )


def _fail(sentence: str) -> None:
    logger.error("error: %s", sentence)
    sys.exit(1)
