"""A Slurm for the tests that need one; where it cannot run they skip and say so."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.slurm.cluster import COMMANDS, Cluster, Head
from tests.workflow.conftest import snakemake  # noqa: F401 - a fixture

STATE = Path("/var/tmp/slurm-test")  # noqa: S108 - the state survives a reboot, the lock does not
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Kill the head processes that a failed test left, and what they left in its folder."""
    yield
    for head in Head.running:
        if head.process.poll() is None:
            head.process.kill()
            head.process.wait()
        for process in head.processes():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        shutil.rmtree(head.folder / ".snakemake/locks", ignore_errors=True)
    Head.running.clear()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster, shared by all workers and stopped by the last of them."""
    missing = [name for name in COMMANDS if shutil.which(name, path=PATH) is None]
    if missing:
        pytest.skip(
            f"no {missing[0]} here: tests/slurm/start-slurm installs and starts a Slurm, as root"
        )
    if os.geteuid() != 0:
        pytest.skip("a Slurm for tests is started by root")
    configuration = Path("/etc/slurm/slurm.conf")
    if configuration.exists() and not configuration.is_symlink():
        pytest.skip("this machine belongs to a cluster")
    STATE.mkdir(parents=True, exist_ok=True)
    with (STATE / ".users").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        started = Cluster(STATE)
        yield started
        fcntl.flock(users, fcntl.LOCK_UN)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # another worker's tests still use it
        started.stop()
