"""One provenance record for each job: what went in, what ran, what came out.

A record is written when a job succeeds, below `provenance/` of the results folder, and names every
input and output with its digest. `maknet.audit` walks from a result through the records.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import read_json, write_json
from maknet.provenance.code import RECORDS, code_digest, code_files, job_name
from maknet.provenance.digests import DigestStore
from maknet.provenance.environment import device, environment
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.settings import keep_config


@dataclass(frozen=True)
class JobSpec:
    """One job, as the workflow describes it.

    Attributes:
        rule: Name of the rule.
        wildcards: Wildcards of the job.
        params: Parameters of the rule, which hold its settings.
        inputs: Files and folders that the job reads, relative to the working directory.
        outputs: Files and folders that the job writes.
        script: Path of the script below the root of the checkout.
        results: Results folder.
        config: Resolved configuration.
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
        """Name of the job within its rule."""
        return job_name(self.wildcards.values())

    @property
    def record_path(self) -> Path:
        """Path of the job's record."""
        return Path(self.results) / RECORDS / self.rule / f"{self.name}.json"

    @property
    def lock_path(self) -> Path:
        """File that the job locks while it writes its outputs."""
        return Path(self.results) / "state" / "locks" / self.rule / f"{self.name}.lock"


@dataclass(frozen=True)
class Record:
    """A record as it is read back.

    Attributes:
        rule: Name of the rule.
        wildcards: Wildcards of the job.
        params: Parameters of the rule, which hold its settings.
        inputs: Digests of the inputs by path.
        outputs: Digests of the outputs by path.
        script: Path of the script below the root of the checkout.
        code: Digest of the script and of all modules that it can import.
        code_files: Digests of the script and of these modules by file.
        config: Digest of the configuration, see `maknet.provenance.settings`.
        environment: Versions of the packages that the job imported, and state of the checkout.
        device: Device of the job, and whether its operations were deterministic.
        run: Slurm job and visible GPUs.
        folders: Folders below which every file is made by a job: results and data.
        started: Start of the job, UTC, ISO 8601.
        ended: End of the job, UTC, ISO 8601.
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
    folders: list[str]
    started: str
    ended: str
    exit: int


def write_record(spec: JobSpec, started: datetime) -> None:
    """Digest what a finished job read and wrote, and write its record."""
    digests = DigestStore(spec.results)
    record = Record(
        rule=spec.rule,
        wildcards=dict(spec.wildcards),
        params=to_portable(dict(spec.params)),
        inputs={to_portable(p): digests.input_digest(p) for p in sorted(spec.inputs)},
        outputs={to_portable(p): digests.digest(p) for p in sorted(spec.outputs)},
        script=spec.script,
        code=code_digest(spec.script),
        code_files=code_files(spec.script),
        config=keep_config(Path(spec.results) / RECORDS, to_portable(dict(spec.config))),
        environment=environment(),
        device=device(spec.params.get("device", "cpu")),
        run={
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "visible_gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        },
        folders=to_portable(_made_here(spec)),
        started=started.isoformat(timespec="seconds"),
        ended=datetime.now(UTC).isoformat(timespec="seconds"),
        exit=0,
    )
    write_json(spec.record_path, asdict(record))


def _made_here(spec: JobSpec) -> list[str]:
    """Return the folders below which every file is made by a job of the workflow."""
    paths = spec.config.get("paths", {})
    return [str(path) for path in (spec.results, paths.get("data")) if path]


def is_up_to_date(spec: JobSpec) -> bool:
    """Return whether a record says that the outputs were made from these inputs and this code."""
    if not spec.record_path.is_file():
        return False
    record = read_record(spec.record_path)
    digests = DigestStore(spec.results)
    return (
        record.code == code_digest(spec.script)
        and record.params == json.loads(json.dumps(to_portable(dict(spec.params)), default=str))
        and all(
            set(recorded) == set(map(to_portable, paths))
            and all(
                resolve(p).exists() and digests.current(resolve(p), value, deep=False) == value
                for p, value in recorded.items()
            )
            for recorded, paths in ((record.inputs, spec.inputs), (record.outputs, spec.outputs))
        )
    )


def read_records(results: Path) -> dict[str, Record]:
    """Return the records below a results folder, by the path of each output."""
    records = [
        read_record(path)
        for path in sorted(results.glob(f"{RECORDS}/*/*.json"))
        if path.parent.name != "config"
    ]
    return {output: record for record in records for output in record.outputs}


def read_record(path: Path) -> Record:
    """Read one record.

    Raises:
        InputError: The record is damaged, or of another version of the workflow.
    """
    try:
        return Record(**read_json(path))
    except TypeError as error:
        raise InputError(
            f"{path} is no provenance record of this version ({error}); delete the outputs of its "
            "rule and run the workflow again."
        ) from error
