"""A copied run: where its records hold, the times of its files are put in order.

Snakemake goes by times, and a copy has those of copying. Without this, a copy of a finished run, or
a fresh clone beside copied results, would be made anew though nothing has changed.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from maknet.config.settings import Setting
from maknet.errors import InputError
from maknet.files import ROOT, read_json, write_json
from maknet.provenance.code import RECORDS, code_digest
from maknet.provenance.digests import DigestStore
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.job_settings import depends_on
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.records import Record, read_records
from maknet.provenance.settings import changed_settings

_BENCHMARKS = "benchmarks"
_TIMESTAMP = ".snakemake_timestamp"  # carries the time of a folder that a rule makes


@dataclass(frozen=True)
class Settled:
    """What became of the jobs of a copied run.

    Attributes:
        kept: Jobs whose files were out of order and are what their records say.
        stale: Jobs that other code or settings than today's ran.
    """

    kept: Sequence[Record]
    stale: Sequence[Record]

    def in_words(self) -> str:
        """Return it as sentences for a user."""
        parts = [] if self.kept or self.stale else ["The times of all results are in order."]
        if self.kept:
            parts.append(
                f"The files of {_jobs(self.kept)} are older than what they were made from, as in a "
                "copy. Their records hold, so their times were put in order, and no job runs again "
                "for its date."
            )
        if self.stale:
            rules = " ".join(sorted({job.rule for job in self.stale}))
            parts.append(
                f"Other code or settings than today's made the results of {_jobs(self.stale)}. "
                "Without the folder .snakemake of the run that was copied, Snakemake cannot know: "
                f"make them anew with `snakemake --forcerun {rules}`."
            )
        return "\n".join(parts)


def remember(folder: str) -> None:
    """Remember where results lie, before any is there."""
    results = Path(folder)
    if not (results / RECORDS).is_dir():
        results.mkdir(parents=True, exist_ok=True)
        write_json(_seen(results), _place(results))


def is_copied(folder: str) -> bool:
    """Return whether recorded results lie elsewhere than where they were seen last."""
    results = Path(folder)
    if not (results / RECORDS).is_dir():
        return False
    try:
        return bool(read_json(_seen(results)) != _place(results))
    except InputError:  # no place is remembered
        return True


def settle(folder: str, config: Mapping[str, Any]) -> Settled:
    """Put the times of a copied run's files in order, and remember its place.

    Where a job's outputs are older than its inputs, and both are what its record says, the outputs
    get the time of the newest input. What is not as recorded keeps its time, and is made anew. The
    place is remembered once no job is stale.

    Args:
        folder: Results folder.
        config: Configuration of this run.

    Raises:
        InputError: The files are another user's, who alone may set their times.
    """
    results = Path(folder)
    graph = JobGraph(read_records(results))
    digests, today = DigestStore(results), _Today(results, config)
    kept, stale = [], []
    for number in TopologicalSorter(dict(enumerate(graph.before))).static_order():
        job = graph.jobs[number]
        newest = max(map(_input_time, _existing(job.inputs)), default=0)
        older = [path for path in _existing(job.outputs) if _time(path) < newest]
        if not today.makes(job):
            stale.append(job)
        elif older and _is_intact(job, digests):
            kept.append(job)
            _set_times(older, newest)
    # To Snakemake a job is as old as its oldest file, its benchmark among them; no record has that.
    _set_times(list((results / _BENCHMARKS).rglob("*.tsv")), time.time_ns())
    if not stale:
        write_json(_seen(results), _place(results))
    return Settled(kept, stale)


class _Today:
    """Today's code and settings.

    Args:
        results: Results folder.
        config: Configuration of this run.
    """

    def __init__(self, results: Path, config: Mapping[str, Any]) -> None:
        self._folder, self._config = results / RECORDS, to_portable(dict(config))
        self._accepted = config["jobs"]["accepted_code"]
        self._code: dict[str, str] = {}
        self._settings: dict[str, list[Setting]] = {}

    def makes(self, job: Record) -> bool:
        """Return whether today's code and settings are those that a job ran with.

        What only another configuration or commit has is no job of today, and is left alone.
        """
        if not (ROOT / job.script).is_file():
            return True
        if "code" in job.params and job.rule not in self._accepted:
            if job.script not in self._code:
                self._code[job.script] = code_digest(job.script)
            if self._code[job.script] != job.code:
                return False
        return not any(depends_on(job, setting) for setting in self._changed(job.config))

    def _changed(self, name: str) -> list[Setting]:
        if name not in self._settings:
            try:
                found = changed_settings(self._folder, name, self._config)
            except InputError:  # the scenario, or what is kept of its configuration, is gone
                found = []
            self._settings[name] = found
        return self._settings[name]


def _seen(results: Path) -> Path:
    return results / "state/place.json"


def _place(results: Path) -> list[list[int]]:
    """Return what a copy, a clone and another checkout have otherwise: a move keeps it."""
    folders = (path.stat() for path in (results, ROOT))
    return [[folder.st_dev, folder.st_ino] for folder in folders]


def _is_intact(job: Record, digests: DigestStore) -> bool:
    """Return whether what is there of a job's files is what its record says."""
    return all(
        digests.current(path, recorded, deep=False) == recorded
        for name, recorded in (job.inputs | job.outputs).items()
        if (path := resolve(name)).exists()
    )


def _existing(names: Iterable[str]) -> list[Path]:
    return [path for path in map(resolve, names) if path.exists()]


def _input_time(path: Path) -> int:
    """Return the time of an input: of a link, that of itself or of its target."""
    return max(_time(path), path.stat().st_mtime_ns) if path.is_symlink() else _time(path)


def _time(path: Path) -> int:
    """Return the time of an output, in nanoseconds, as Snakemake takes it."""
    return _carrier(path).lstat().st_mtime_ns


def _carrier(path: Path) -> Path:
    """Return the file whose time counts as a path's: a folder's is in a file of Snakemake's."""
    stamp = path / _TIMESTAMP
    return stamp if not path.is_symlink() and stamp.is_file() else path


def _set_times(paths: Sequence[Path], time_ns: int) -> None:
    for path in paths:
        try:
            os.utime(_carrier(path), ns=(time_ns, time_ns), follow_symlinks=False)
        except PermissionError:
            raise InputError(
                f"{path} was copied, and only its owner may put its time in order: ask who owns it "
                "to run `snakemake --dry-run` there, or copy the results yourself."
            ) from None


def _jobs(jobs: Sequence[Record]) -> str:
    return f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
