"""Writes the record of a job, see `maknet.provenance.records`."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from maknet.files import write_json
from maknet.provenance.code import RECORDS, code_digest, code_files, job_name
from maknet.provenance.digests import DigestStore
from maknet.provenance.environment import checkout, device, environment, peak_memory_mb
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.records import Record, read_record, read_records
from maknet.provenance.roots import file_root
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


class RecordWriter:
    """Writes the record of one job, and tells the root of a file before the job has ended.

    Args:
        spec: The job.
        started: Its start.
    """

    def __init__(self, spec: JobSpec, started: datetime) -> None:
        self._spec, self._started = spec, started
        self._digests = DigestStore(spec.results)
        self._known: Record | None = None
        # Before the job: what it read and ran is not what lies there afterwards.
        self._inputs = {to_portable(p): self._digests.digest(p) for p in sorted(spec.inputs)}
        self._code = {"code": code_digest(spec.script), "code_files": code_files(spec.script)}
        self._checkout = checkout()

    def root_of(self, path: str | Path) -> str:
        """Return the root of an output that is complete and will not change."""
        name = to_portable(str(path))
        return file_root(replace(self._record(), outputs={name: self._digests.digest(path)}), name)

    def write(self) -> None:
        """Digest what the finished job wrote, and write its record."""
        known = self._record()
        record = replace(
            known,
            run={**known.run, "memory_mb": peak_memory_mb()},
            outputs={to_portable(p): self._digests.digest(p) for p in sorted(self._spec.outputs)},
            ended=_time(datetime.now(UTC)),
        )
        write_json(self._spec.record_path, asdict(record))

    def _record(self) -> Record:
        """Return all but the outputs; versions and device are those of the first call."""
        if self._known is None:
            ran = {**self._code, "environment": {**environment(), **self._checkout}}
            self._known = _record_without_outputs(self._spec, self._inputs, ran, self._started)
        return self._known


def _record_without_outputs(
    spec: JobSpec, inputs: Mapping[str, str], ran: Mapping[str, Any], started: datetime
) -> Record:
    record = Record(
        rule=spec.rule,
        wildcards=dict(spec.wildcards),
        params=to_portable(dict(spec.params)),
        inputs=dict(inputs),
        outputs={},
        script=spec.script,
        **ran,
        config=keep_config(Path(spec.results) / RECORDS, to_portable(dict(spec.config))),
        device=device(spec.params.get("device", "cpu")),
        run={
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "visible_gpus": os.environ.get("CUDA_VISIBLE_DEVICES"),
        },
        folders=to_portable(_made_here(spec)),
        made_from=_roots_of(inputs, Path(spec.results)),
        started=_time(started),
        ended="",
        exit=0,
    )
    # As it is read back: a root must not depend on whether its record was just made.
    return Record(**json.loads(json.dumps(asdict(record), default=str)))


def _roots_of(paths: Iterable[str], results: Path) -> dict[str, str]:
    """Return the roots of those files that a recorded job made."""
    records = read_records(results)
    return {path: file_root(records[path], path) for path in paths if path in records}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


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
