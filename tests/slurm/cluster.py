"""A real one-node Slurm on this machine, and Snakemake's head process on it."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import psutil

from maknet.files import ROOT

HERE = Path(__file__).resolve().parent
COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch")
KNOBS = {"SLURM_TEST_CPUS": "16", "SLURM_TEST_MEM_MB": "96000", "SLURM_TEST_GPUS": "a100 h100"}
# The profile as shipped, but for how often Slurm is asked.
HASTE = ("--slurm-init-seconds-before-status-checks", "1", "--max-status-checks-per-second", "2")
STARTED = re.compile(r"has been submitted with SLURM jobid (\d+)")


class Cluster:
    """Slurm's daemons below a folder."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._script("start-slurm")

    def _script(self, name: str) -> None:
        command = ["bash", str(HERE / name), str(self.state)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, **KNOBS}
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def stop(self) -> None:
        self._script("stop-slurm")

    def completed(self) -> dict[str, dict[str, str]]:
        """Return the fields of every ended job in the job-completion log, by its id."""
        log = self.state / "log/jobcomp.log"
        lines = log.read_text().splitlines() if log.exists() else []
        rows = [dict(re.findall(r"(\w+)=(\S*)", line)) for line in lines]
        return {row["JobId"]: row for row in rows}

    def stop_controller(self) -> None:
        """Kill slurmctld alone."""
        pid = int((self.state / "run/slurmctld.pid").read_text())
        psutil.Process(pid).kill()
        wait_until(lambda: not psutil.pid_exists(pid), "slurmctld did not die")

    def start_controller(self) -> None:
        """Start slurmctld with the jobs that it knew."""
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        subprocess.run(
            ["slurmctld", "-f", str(self.state / "etc/slurm.conf")],
            check=True, env={**os.environ, "PATH": path}, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def slurm(*command: str) -> str:
    """Run one of Slurm's commands."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def wait_until(
    condition: Callable[[], object],
    message: str,
    seconds: float = 300,
    *,
    said: Callable[[], str] = lambda: "",
) -> None:
    """Wait for a condition; where it does not come, fail with the message and what was said."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{message}\n{said()[-3000:]}"
        time.sleep(0.02)


class Head:
    """One run of `snakemake --profile slurm` in a folder."""

    running: ClassVar[list["Head"]] = []

    def __init__(self, folder: Path, *arguments: str, configfiles: tuple[str, ...]) -> None:
        self.folder = folder
        self._log = folder / f"head{len(list(folder.glob('head*.log')))}.log"
        command = [
            sys.executable, "-m", "snakemake", "--profile", "slurm", "--directory", str(folder),
            *arguments, "--configfile", *configfiles, *HASTE,
        ]  # fmt: skip
        environment = {
            **os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HERE / "polling"),
        }  # fmt: skip
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment
            )

        Head.running.append(self)

    def said(self) -> str:
        """Return what it has written so far."""
        return self._log.read_text()

    def submitted(self) -> list[str]:
        """Return the ids of its Slurm jobs."""
        return STARTED.findall(self.said())

    def finish(self, seconds: float = 900) -> int:
        """Wait for its end and return its exit code; a head that hangs is a failure."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the head hangs:\n{self.said()[-3000:]}") from None

    def slurm_logs(self) -> str:
        """Return the logs of all Slurm jobs of this folder."""
        logs = sorted((self.folder / ".snakemake/slurm_logs").rglob("*.log"))
        return "\n".join(path.read_text() for path in logs)

    def processes(self) -> list[psutil.Process]:
        """Return all processes that work in this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.folder):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def process_of(self, script: str) -> psutil.Process | None:
        """Return the process that runs a script of this folder's workflow, if there is one."""
        for process in self.processes():
            try:
                if any(script in word for word in process.cmdline()[1:2]):
                    return process
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return None
