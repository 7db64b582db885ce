"""One writer at a time: two jobs that make the same files wait for one another.

Snakemake's own lock lives with its head process. Where that is killed while jobs run on a cluster,
a second run submits the same jobs again; here the second waits for the first.
"""

import logging
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from maknet.errors import InputError
from maknet.files import full_disk, read_json, write_json, writing

logger = logging.getLogger("maknet")


@contextmanager
def output_lock(lock: Path) -> Iterator[bool]:
    """Hold a lock while the block runs; the kernel gives it back when the process dies.

    Args:
        lock: File to lock, in a folder that all jobs see.

    Yields:
        Whether another job held it when this one came.

    Raises:
        OSError: The disk is full.
    """
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
    holder = lock.with_suffix(".holder.json")
    waited, held = False, FileLock(lock)
    try:
        held.acquire(blocking=False)
    except Timeout:
        waited = True
        logger.warning("another job is writing the same files (%s): waiting for it", _named(holder))
        held.acquire()
    except OSError as error:
        if full_disk(error) is not None:
            raise
        logger.warning("%s cannot be locked (%s): two jobs may write at once here", lock, error)
    try:
        write_json(holder, {"job": _this_job()})
        yield waited
    finally:
        held.release()


def _this_job() -> str:
    slurm = os.environ.get("SLURM_JOB_ID")
    return f"{f'Slurm job {slurm}' if slurm else f'process {os.getpid()}'} on {platform.node()}"


def _named(holder: Path) -> str:
    try:
        return str(read_json(holder)["job"])
    except (InputError, KeyError, TypeError):
        return "one that just started"
