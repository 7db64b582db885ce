"""One provenance record for each job: what went in, what ran, what came out.

A record is written when a job succeeds, below `provenance/` of the results folder, and names every
input and output with its digest. `maknet.audit` walks from a result through the records.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maknet.digests import DigestStore
from maknet.errors import InputError
from maknet.files import read_json, write_json
from maknet.places import ROOT, located, portable
from maknet.provenance import code_digest, code_files, job_name
from maknet.run_config import keep_config

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
        config: The resolved configuration.
    """

    rule: str
    wildcards: Mapping[str, str]
    params: Mapping[str, Any]
    inputs: Sequence[str]
    outputs: Sequence[str]
    script: str
    results: str
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tells this job from others of its rule."""
        return job_name(self.wildcards.values())

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
    """A record as it is read back.

    Attributes:
        rule: Name of the rule.
        wildcards: Its wildcards.
        params: Its settings.
        inputs: Digests by path.
        outputs: Digests by path.
        script: Below the root of the checkout.
        code: Digest of the script and of what it can import.
        code_files: The same by file.
        config: Digest of the configuration, see `maknet.run_config`.
        environment: Versions of what the job imported, and the state of the checkout.
        device: Where it computed, and whether so that the same input gives the same bits.
        run: Its Slurm job and the GPUs that it saw.
        started: Time, UTC.
        ended: Time, UTC.
        exit: Exit code; a job that fails leaves no record.
    """

    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    script: str
    code: str
    code_files: dict[str, str]
    config: str
    environment: dict[str, Any]
    device: dict[str, Any]
    run: dict[str, Any]
    started: str
    ended: str
    exit: int


def write_record(step: Step, started: datetime) -> None:
    """Digest what a finished job read and wrote, and write its record."""
    digests = DigestStore(step.results)
    record = Record(
        rule=step.rule,
        wildcards=dict(step.wildcards),
        params=portable(dict(step.params)),
        inputs={portable(p): digests.input_digest(p) for p in sorted(step.inputs)},
        outputs={portable(p): digests.digest(p) for p in sorted(step.outputs)},
        script=step.script,
        code=code_digest(step.script),
        code_files=code_files(step.script),
        config=keep_config(Path(step.results) / FOLDER, portable(dict(step.config))),
        environment=environment(),
        device=device(step.params.get("device", "cpu")),
        run={
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "visible_gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        },
        started=started.isoformat(timespec="seconds"),
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        exit=0,
    )
    write_json(step.record_path, asdict(record))


def was_made(step: Step) -> bool:
    """Return whether a record says that the outputs were made from these inputs and this code."""
    if not step.record_path.is_file():
        return False
    record = read_record(step.record_path)
    digests = DigestStore(step.results)
    return (
        record.code == code_digest(step.script)
        and record.params == json.loads(json.dumps(portable(dict(step.params)), default=str))
        and all(
            set(recorded) == set(map(portable, paths))
            and all(
                located(p).exists() and digests.found(located(p), value, deep=False) == value
                for p, value in recorded.items()
            )
            for recorded, paths in ((record.inputs, step.inputs), (record.outputs, step.outputs))
        )
    )


def read_records(results: Path) -> dict[str, Record]:
    """Return the records below a results folder by each output they made."""
    records = [
        read_record(path)
        for path in sorted(results.glob(f"{FOLDER}/*/*.json"))
        if path.parent.name != "config"
    ]
    return {output: record for record in records for output in record.outputs}


def read_record(path: Path) -> Record:
    """Read one record.

    Raises:
        InputError: It is damaged, or of an older version of the workflow.
    """
    try:
        return Record(**read_json(path))
    except TypeError as error:
        raise InputError(
            f"{path} is no provenance record of this version ({error}); delete the outputs of its "
            "rule and run the workflow again."
        ) from error


def environment() -> dict[str, Any]:
    """Return the versions of what this process imported, and the state of the checkout."""
    return {
        "python": platform.python_version(),
        "platform": platform.machine(),
        "packages": {name: version(name) for name in _PACKAGES if name in sys.modules},
        "commit": _git(ROOT, "rev-parse", "HEAD"),
        "clean": _git(ROOT, "status", "--porcelain") == "",
    }


def device(name: str) -> dict[str, Any]:
    """Return where this process computed, without importing torch for it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {"name": "cpu"}
    return {
        "name": torch.cuda.get_device_name() if name == "cuda" else name,
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cuda": torch.version.cuda if name == "cuda" else None,
        "cudnn": torch.backends.cudnn.version() if name == "cuda" else None,
    }


def version(package: str) -> str | None:
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
