"""What goes wrong on a cluster, done to the student's training: its result has the same bytes."""

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from maknet.files import sha256
from tests.slurm.cluster import Cluster, Head, slurm, wait_until
from tests.workflow.conftest import Run

pytestmark = [pytest.mark.workflow, pytest.mark.slow]
LONG = "student: {epochs: 40}\njobs: {checkpoint_s: 0.05}\n"
RUN = "results/demo/runs/student1"
RESULT = ("model.safetensors", "history.csv", "network.json")


@pytest.fixture(scope="module")
def undisturbed(snakemake: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A folder in which only the student is missing, and its digests when nothing went wrong."""
    folder = tmp_path_factory.mktemp("faults")
    (folder / "long.yaml").write_text(LONG)
    done = snakemake(folder, f"{RUN}/history.csv", configfiles=files(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, [sha256(folder / RUN / name) for name in RESULT]


@pytest.fixture
def folder(cluster: Cluster, undisturbed: tuple[Path, list[str]]) -> Iterator[Path]:
    """The folder; afterwards the student must be there with the same bytes."""
    folder, digests = undisturbed
    shutil.rmtree(folder / RUN, ignore_errors=True)  # a test that failed may have left none
    yield folder
    assert [sha256(folder / RUN / name) for name in RESULT] == digests
    assert not state(folder).exists()


def files(folder: Path) -> tuple[str, ...]:
    return ("config/demo.yaml", "tests/workflow/mini.yaml", str(folder / "long.yaml"))


def state(folder: Path) -> Path:
    return folder / "results/demo/state/student1.pt"


def started(folder: Path, *arguments: str) -> Head:
    """Start the workflow and wait until the training has saved something."""
    head = Head(folder, f"{RUN}/history.csv", *arguments, configfiles=files(folder))
    held(head).resume()
    return head


def held(head: Head, last: psutil.Process | None = None) -> psutil.Process:
    """Wait until the training that follows the last one has saved something, and hold it there."""
    found: list[psutil.Process] = []

    def saved() -> bool:
        found[:] = [p for p in [head.process_of("train_student")] if p is not None and p != last]
        return bool(found) and saved_at(head.folder) > found[0].create_time()

    wait_until(saved, "no training saved anything", said=head.said)
    found[0].suspend()
    return found[0]


def saved_at(folder: Path) -> float:
    return state(folder).stat().st_mtime if state(folder).exists() else 0


def finished(head: Head) -> Head:
    assert head.finish() == 0, head.said()[-3000:] + head.slurm_logs()[-3000:]
    return head


def test_a_training_meets_every_fault_in_turn(folder: Path) -> None:
    """Its own deadline, SIGKILL, scancel, preemption, Slurm's time limit, files that show late."""
    weights = folder / RUN / "model.safetensors"
    head = Head(
        folder, f"{RUN}/history.csv", "--retries", "5", "--latency-wait", "30",
        "--set-resources", "train_student:runtime=0 if attempt == 1 else 10",
        "--default-resources", "slurm_partition=scavenge", "mem_mb=2000", "runtime=30",
        "deadline_margin_s=10", configfiles=files(folder),
    )  # fmt: skip
    wait_until(lambda: len(head.submitted()) == 2, "the deadline did not come")
    training = held(head)
    training.kill()
    wait_until(lambda: len(head.submitted()) == 3, "the killed job was not submitted again")
    training = held(head, training)
    slurm("scancel", head.submitted()[2])  # Slurm sends SIGCONT before SIGTERM
    wait_until(lambda: len(head.submitted()) == 4, "the cancelled job was not submitted again")
    job = head.submitted()[3]
    training = held(head, training)
    slurm("sbatch", "-p", "main", "-c", "16", "-t", "1", "-o", "/dev/null", "--wrap", "true")
    wait_until(lambda: "Restarts=1" in slurm("scontrol", "show", "job", job), "no preemption")
    training = held(head, training)
    slurm("scontrol", "update", f"jobid={job}", "EndTime=now")  # looked at every 30 s
    wait_until(lambda: len(head.submitted()) == 5, "the late job was not submitted again")
    training = held(head, training)
    hiding = threading.Thread(target=hide, args=(weights, folder / "hidden"))
    hiding.start()
    training.resume()
    finished(head)
    hiding.join()
    logs = [log_of(folder, job) for job in head.submitted()]
    assert "The training was out of time after step" in logs[0]
    assert "told to stop by SIGTERM" in logs[2]
    assert all("going on after step" in log for log in logs[1:])
    assert head.said().count("SLURM status is: 'CANCELLED'") == 1
    assert head.said().count("SLURM status is: 'TIMEOUT'") == 1
    assert len(logs) == 5


def hide(path: Path, hidden: Path) -> None:
    """Take a file away for 8 s as soon as it is written, as a slow shared file system does."""
    wait_until(path.exists, f"no {path}")
    path.rename(hidden)
    time.sleep(8)
    hidden.rename(path)


def test_a_job_preempted_for_good_is_submitted_again(folder: Path) -> None:
    head = started(folder, "--default-resources", "slurm_partition=scavenge-cancel", "mem_mb=2000",
                   "runtime=30")  # fmt: skip
    slurm("sbatch", "-p", "main", "-c", "16", "-t", "1", "-o", "/dev/null", "--wrap", "sleep 2")
    finished(head)
    assert "going on after step" in log_of(folder, head.submitted()[1])


def test_a_killed_head_starts_again_while_its_job_runs(folder: Path) -> None:
    """The second head's job waits for the first's, which writes alone, and takes its result."""
    killed = Head(folder, f"{RUN}/history.csv", configfiles=files(folder))
    training = held(killed)
    killed.process.kill()
    killed.process.wait()
    unlocking = Head(folder, "--unlock", configfiles=files(folder))
    assert unlocking.finish() == 0
    head = Head(folder, f"{RUN}/history.csv", configfiles=files(folder))
    wait_until(head.submitted, "the second head submitted nothing")
    first, second = killed.submitted()[0], head.submitted()[0]
    wait_until(lambda: "waiting for it" in log_of(folder, second), "the second job did not wait")
    training.resume()
    finished(head)
    assert f"another job is writing the same files (Slurm job {first} on" in log_of(folder, second)
    assert "made the same files: nothing is left to do" in log_of(folder, second)
    wait_until(lambda: not slurm("squeue", "-h", "-j", first), "the first job did not end")


def test_slurmctld_is_down_for_a_while(folder: Path, cluster: Cluster) -> None:
    """Queries fail for 10 s while the job runs and ends; then one more job is submitted."""
    head = started(folder)
    cluster.stop_controller()
    try:
        time.sleep(10)
    finally:
        cluster.start_controller()
    finished(head)
    assert len(head.submitted()) == 1


def test_a_job_that_fails_for_good_names_its_log(folder: Path, snakemake: Run) -> None:
    labels = folder / "results/demo/pseudo/round1.npz"
    kept = labels.read_bytes()
    before = labels.stat()
    labels.write_bytes(b"damaged")
    try:
        head = Head(folder, f"{RUN}/history.csv", "--retries", "1", "--rerun-triggers", "params",
                    configfiles=files(folder))  # fmt: skip
        assert head.finish() == 1
    finally:
        labels.write_bytes(kept)
        subprocess.run(["touch", "-d", f"@{before.st_mtime}", str(labels)], check=True)
    said = head.said()
    assert len(head.submitted()) == 2, said[-3000:]
    assert "results/demo/logs/train/student1.log" in said
    assert "round1.npz" in said
    assert f"{head.submitted()[1]}.log" in said
    assert not (folder / RUN / "model.safetensors").exists()
    finished(Head(folder, f"{RUN}/history.csv", configfiles=files(folder)))


def log_of(folder: Path, job: str) -> str:
    """Return what one Slurm job wrote."""
    return "".join(
        path.read_text() for path in (folder / ".snakemake/slurm_logs").rglob(f"{job}.log")
    )
