"""One provenance record for each job: what went in, what ran, what came out.

A record is written when a job succeeds, below `provenance/` of the results folder, and names every
input and output with its digest. `maknet.audit` walks from a result through the records.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maknet.digests import DigestStore
from maknet.files import read_json, write_json
from maknet.provenance import code_digest

FOLDER = "provenance"
_PACKAGES = (
    "numpy", "pandas", "pydicom", "pytorch_optimizer", "scipy", "SimpleITK", "snakemake", "torch",
    "torchvision",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One job, as the workflow describes it.

    Attributes:
        rule: Name of the rule.
        wildcards: Its wildcards.
        params: Its settings.
        inputs: Files and folders it reads, relative to the working directory.
        outputs: Files and folders it writes.
        script: The script below the root of the checkout.
        results: The results folder.
    """

    rule: str
    wildcards: Mapping[str, str]
    params: Mapping[str, Any]
    inputs: Sequence[str]
    outputs: Sequence[str]
    script: str
    results: str

    @property
    def name(self) -> str:
        """What tells this job from others of its rule."""
        return ".".join(self.wildcards.values()) or "job"

    @property
    def record_path(self) -> Path:
        """Where the record of this job is written."""
        return Path(self.results) / FOLDER / self.rule / f"{self.name}.json"

    @property
    def lock_path(self) -> Path:
        """What a job locks while it writes its outputs."""
        return Path(self.results) / "state" / "locks" / self.rule / f"{self.name}.lock"


@dataclass(frozen=True)
class Record:
    """A record as it is read back; digests by path."""

    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    script: str
    code: str
    environment: dict[str, Any]
    run: dict[str, Any]
    started: str
    ended: str


def write_record(step: Step, started: datetime) -> None:
    """Digest what a finished job read and wrote, and write its record."""
    digests = DigestStore(step.results)
    record = Record(
        rule=step.rule,
        wildcards=dict(step.wildcards),
        params=dict(step.params),
        inputs={path: digests.digest(path) for path in sorted(step.inputs)},
        outputs={path: digests.digest(path) for path in sorted(step.outputs)},
        script=step.script,
        code=code_digest(step.script),
        environment=environment(),
        run={
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "visible_gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        },
        started=started.isoformat(timespec="seconds"),
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_json(step.record_path, asdict(record))


def was_made(step: Step) -> bool:
    """Return whether a record says that the outputs were made from these inputs and this code."""
    if not step.record_path.is_file():
        return False
    record = Record(**read_json(step.record_path))
    digests = DigestStore(step.results)
    return (
        record.code == code_digest(step.script)
        and record.params == json.loads(json.dumps(dict(step.params), default=str))
        and all(
            set(recorded) == set(paths)
            and all(Path(p).exists() and digests.digest(p) == recorded[p] for p in paths)
            for recorded, paths in ((record.inputs, step.inputs), (record.outputs, step.outputs))
        )
    )


def read_records(results: Path) -> dict[str, Record]:
    """Return the records below a results folder by each output they made."""
    records = [Record(**read_json(path)) for path in sorted(results.glob(f"{FOLDER}/*/*.json"))]
    return {output: record for record in records for output in record.outputs}


def environment() -> dict[str, Any]:
    """Return the versions that a result may depend on, and the state of the checkout."""
    root = Path(__file__).resolve().parent.parent
    return {
        "python": platform.python_version(),
        "platform": platform.machine(),
        "packages": {name: _version(name) for name in _PACKAGES},
        "commit": _git(root, "rev-parse", "HEAD"),
        "clean": _git(root, "status", "--porcelain") == "",
    }


def _version(package: str) -> str | None:
    """Return the installed version, None where a job runs without the package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git(root: Path, *arguments: str) -> str | None:
    """Return git's answer, None where the code is no checkout."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
