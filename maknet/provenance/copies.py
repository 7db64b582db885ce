"""A copied run: where its records hold, the times of its files are put in order.

Snakemake goes by file times, and a copied file has that of copying. Without this, a copy of a
finished run, or copied results beside a fresh clone, would be made anew though nothing has changed.
"""

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from maknet.config.settings import Setting
from maknet.errors import InputError
from maknet.files import ROOT
from maknet.provenance.code import RECORDS, code_digest
from maknet.provenance.digests import NOT_ALLOWED, DigestStore, where_allowed
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.job_settings import depends_on
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.place import remember_place
from maknet.provenance.records import Record, read_records
from maknet.provenance.settings import changed_settings

_BENCHMARKS = "benchmarks"
_TIMESTAMP = ".snakemake_timestamp"  # carries the time of a folder that a rule makes
_NAMED = 20  # most files that a command names; the next start names the rest


@dataclass
class Settled:
    """What became of the jobs of a copied run.

    Attributes:
        kept: Jobs whose files were out of order and are what their records say.
        changed: Jobs of which a file is not what their record says, first of all those behind it.
        stale: Jobs that code or settings other than today's ran.
        foreign: Jobs whose scripts are not in this checkout.
    """

    kept: list[Record] = field(default_factory=list)
    changed: list[Record] = field(default_factory=list)
    stale: list[Record] = field(default_factory=list)
    foreign: list[Record] = field(default_factory=list)

    def in_words(self) -> str:
        """Return it as sentences for a user."""
        parts = []
        if self.kept:
            parts.append(
                f"The files of {_jobs(self.kept)} are older than what they were made from, as in a "
                "copy. Their records hold, so their times were put in order, and no job will run "
                "again because of its date."
            )
        if self.changed:
            parts.append(
                f"Files of {_jobs(self.changed)} are not what their records say. Make them and all "
                "that depends on them anew with `snakemake --forcerun "
                f"{' '.join(min(job.outputs) for job in self.changed[:_NAMED])}`."
            )
        if self.stale:
            parts.append(
                f"The results of {_jobs(self.stale)} are not those of today's code and settings. "
                "Without the folder .snakemake of the copied run, Snakemake cannot know this: "
                f"make them anew with `snakemake --forcerun {_rules(self.stale)}`."
            )
        if self.foreign:
            scripts = ", ".join(sorted({job.script for job in self.foreign}))
            parts.append(
                f"What {_jobs(self.foreign)} made is left as it is: this checkout has no {scripts}."
            )
        return "\n".join(parts or ["The times of all results are in order."])


def settle(folder: str, config: Mapping[str, Any]) -> Settled:
    """Put the times of a copied run's files in order, and remember its place.

    Where all files of a job are what its record says, but outputs are older than inputs, these get
    the time of the newest input. Other jobs are named: Snakemake goes by times, of small files also
    by a checksum of what was read, and so cannot know that a result was changed. The place is
    remembered once there is none.

    Args:
        folder: Results folder.
        config: Configuration of this run.

    Raises:
        InputError: Times would have to be set of files that belong to another user or are
            read-only.
    """
    results, settled = Path(folder), Settled()
    graph = JobGraph(read_records(results))
    files, today = _Files(results, graph), _Today(results, config)
    for number in TopologicalSorter(dict(enumerate(graph.before))).static_order():
        job = graph.jobs[number]
        if not (ROOT / job.script).is_file():
            settled.foreign.append(job)
        elif not today.makes(job):
            settled.stale.append(job)
        elif files.are_changed(job):
            settled.changed.append(job)
        elif files.are_those_of(job):
            newest = max(map(_input_time, _existing(job.inputs)), default=0)
            older = [path for path in _existing(job.outputs) if _time(path) < newest]
            if older:
                settled.kept.append(job)
                _set_times(older, newest)
    _renew_benchmarks(results)
    if not settled.stale and not settled.changed:
        remember_place(results)
    return settled


class _Files:
    """The files of a run, compared with records; each is read once.

    Args:
        results: Results folder.
        graph: Its jobs.
    """

    def __init__(self, results: Path, graph: JobGraph) -> None:
        self._digests, self._graph = DigestStore(results), graph
        self._compared: dict[tuple[str, str], bool] = {}

    def are_those_of(self, job: Record) -> bool:
        """Return whether what is there of a job's files is what its record says."""
        return all(self._is(*file) for file in (job.inputs | job.outputs).items())

    def are_changed(self, job: Record) -> bool:
        """Return whether a job is the first of those behind a changed file.

        An output is not what it wrote, or an input is not what it read, though the job that made
        this input, if one did, has written it so.
        """
        if not all(self._is(*output) for output in job.outputs.items()):
            return True
        other = (name for name, recorded in job.inputs.items() if not self._is(name, recorded))
        return any(self._is_of_its_maker(name) for name in other)

    def _is_of_its_maker(self, name: str) -> bool:
        maker = self._graph.makers.get(name)
        return maker is None or self._is(name, self._graph.jobs[maker].outputs[name])

    def _is(self, name: str, recorded: str) -> bool:
        if (name, recorded) not in self._compared:
            path = resolve(name)
            self._compared[name, recorded] = (
                not path.exists() or self._digests.current(path, recorded, deep=False) == recorded
            )
        return self._compared[name, recorded]


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
        """Return whether today's code and settings are those that a job ran with."""
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


def _renew_benchmarks(results: Path) -> None:
    """Make benchmarks new: a job is as old as its oldest file, and no record has its benchmark."""
    for path in (results / _BENCHMARKS).rglob("*.tsv"):
        with where_allowed():
            _set_time(path, time.time_ns())


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
            _set_time(path, time_ns)
        except OSError as error:
            if error.errno not in NOT_ALLOWED:
                raise
            raise InputError(
                f"{path} was copied, and its time cannot be put in order ({error.strerror}): ask "
                "its owner to run `snakemake --dry-run` there, or copy the results yourself."
            ) from None


def _set_time(path: Path, time_ns: int) -> None:
    os.utime(_carrier(path), ns=(time_ns, time_ns), follow_symlinks=False)


def _rules(jobs: Iterable[Record]) -> str:
    return " ".join(sorted({job.rule for job in jobs}))


def _jobs(jobs: Sequence[Record]) -> str:
    return f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
