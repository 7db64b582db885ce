"""Kill jobs and the head process at random times, and compare the end with an undisturbed run.

`python -m tests.chaos.run --count 50` makes the mini run once, then removes some of its results at
a time, makes them anew, and disturbs that: a job or the head or both are killed, told to stop, or a
second head starts beside the first. A person then does what Snakemake says: `--unlock` after a
killed head, and the same command again. A case is `same` if every file has the bytes of the
undisturbed run and nothing half-written, no saved state and no lock is left.
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psutil

from maknet.files import ROOT, sha256

MINI = ("config/demo.yaml", "tests/workflow/mini.yaml")
TIMED = {"events", "logs", "benchmarks", "provenance", "digests", "state", ".snakemake",
         "ro-crate-metadata.json", "audit.html"}  # fmt: skip
# What is removed together, and made anew: below results/demo or data/demo of the run.
PARTS = {
    "prepare": ("data/demo/unlabeled/batch0000.*", "data/demo/labeled/val.*"),
    "train": ("results/demo/runs/maknet/*",),
    "student": ("results/demo/runs/student1/*",),
    "lesanet": ("results/demo/runs/lesanet_tcia/*",),
    "pretrain": ("results/demo/runs/vgg16_tcia/*",),
    "pseudo": ("results/demo/pseudo/round1.npz",),
    "metrics": ("results/demo/scores/maknet/*", "results/demo/metrics/maknet.*"),
    "tables": ("results/demo/table2*", "results/demo/table3*"),
}
ACTIONS = ("kill job", "kill head", "kill both", "stop head", "stop job", "second head")
MAX_STARTS = 6


def command(folder: Path, *more: str) -> list[str]:
    files = [str(ROOT / name) for name in MINI]
    return [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(folder), "--cores", "2", "--rerun-incomplete", *more,
            "--configfile", *files]  # fmt: skip


def start(folder: Path, *more: str) -> "subprocess.Popen[bytes]":
    with (folder / "chaos.log").open("ab") as log:
        return subprocess.Popen(
            command(folder, *more), cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip


def results_of_rules(folder: Path) -> set[str]:
    """Return the paths, from the run's folder, that are results of its rules."""
    ran = subprocess.run(
        command(folder, "--summary"), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.split("\t")[0] for line in ran.stdout.splitlines()[1:] if "\t" in line}


def remove(folder: Path, part: str, results: set[str]) -> list[str]:
    """Remove a part of the results, and return what to ask for so that all of it is made anew."""
    removed = []
    for pattern in PARTS[part]:
        for path in folder.glob(pattern):
            inside = path.rglob("*") if path.is_dir() else [path]
            removed += [str(one.relative_to(folder)) for one in inside if one.is_file()]
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return ["all", *(name for name in removed if name in results)]


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that holds no time, by its path."""
    found = {}
    for top in ("results", "data"):
        for path in (folder / top).rglob("*"):
            name = path.relative_to(folder)
            if path.is_file() and TIMED.isdisjoint(name.parts):
                found[str(name)] = sha256(path)
    return found


def jobs_of(head: int) -> list[psutil.Process]:
    """Return the processes of a head's scripts."""
    try:
        children = psutil.Process(head).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    found = []
    for child in children:
        try:
            if any(".snakemake/scripts" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def disturb(
    head: "subprocess.Popen[bytes]", action: str, folder: Path, targets: Sequence[str]
) -> None:
    jobs = jobs_of(head.pid)
    if action in ("kill job", "kill both", "stop job"):
        for job in jobs:
            _signal(job.pid, signal.SIGTERM if action == "stop job" else signal.SIGKILL)
    if action in ("kill head", "kill both", "stop head"):
        _signal(head.pid, signal.SIGTERM if action == "stop head" else signal.SIGKILL)
    if action == "second head":
        second = start(folder, *targets, "--nolock")
        second.wait()


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def leftovers(folder: Path) -> list[str]:
    """Return what must not be left: half-written files, states, locks that are held."""
    found = [str(p) for p in folder.rglob(".*.tmp")] + [str(p) for p in folder.rglob("state/*.pt")]
    for lock in folder.rglob("state/locks/**/*.lock"):
        with lock.open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(str(lock))
    return found


def one_case(
    folder: Path, whole: dict[str, str], targets: Sequence[str], action: str, after_s: float
) -> str:
    """Make the targets anew with one disturbance, and return the verdict."""
    head = start(folder, *targets)
    deadline = time.monotonic() + after_s
    while head.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if head.poll() is None:
        disturb(head, action, folder, targets)
    head.wait()
    for job in [p for p in psutil.process_iter(["cmdline", "cwd"]) if _of_folder(p, folder)]:
        job.wait(300)  # a killed head's job goes on, and the next head's waits for it
    for _ in range(MAX_STARTS):
        if head.returncode == 0:
            break
        subprocess.run(command(folder, "--unlock"), cwd=ROOT, capture_output=True, check=False)
        head = start(folder, *targets)
        head.wait()
    if head.returncode:
        return "did not end"
    left = leftovers(folder)
    if left:
        return f"left {left[0]}"
    now = digests(folder)
    differing = sorted(name for name in whole | now if whole.get(name) != now.get(name))
    return f"differs in {differing[0]}" if differing else "same"


def _of_folder(process: psutil.Process, folder: Path) -> bool:
    words, where = process.info["cmdline"] or [], process.info["cwd"]
    return where == str(folder) and any(".snakemake/scripts" in word for word in words)


def chaos(
    folder: Path, count: int, seed: int, say: Callable[[str], object] = print
) -> Counter[str]:
    """Disturb a finished run so many times; it is made first where it is not there."""
    if not (folder / "results/demo/table3.csv").exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = start(folder)
        if made.wait():
            raise RuntimeError(f"the undisturbed run failed; see {folder / 'chaos.log'}")
    whole, results = digests(folder), results_of_rules(folder)
    found: Counter[str] = Counter()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        part = str(rng.choice(list(PARTS)))
        action = str(rng.choice(ACTIONS))
        after_s = float(rng.uniform(2, 20))
        targets = remove(folder, part, results)
        verdict = one_case(folder, whole, targets, action, after_s)
        found[verdict if verdict == "same" else "other"] += 1
        say(f"{number:3} {part:9} {action:12} after {after_s:4.1f} s: {verdict}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None, help="keep the run here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary) / "run").absolute()
        found = chaos(folder, options.count, options.seed)
    print(f"{found['same']} of {options.count} end with the bytes of the undisturbed run")
    return 0 if found["same"] == options.count else 1


if __name__ == "__main__":
    sys.exit(main())
