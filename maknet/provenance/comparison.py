"""Where two runs part: the first jobs whose results differ, and why.

Two results folders, of two machines, commits or configurations, are compared by their records, from
the results down to the raw data. A job whose inputs are the same and whose outputs are not is a
first one; what differs in its record is the cause. What is made from its outputs only follows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maknet.config.settings import ABSENT, differences
from maknet.errors import InputError
from maknet.provenance.records import Record, read_records

INPUT, SETTING, SEED, CODE, PACKAGE, DEVICE, CPU, CHANCE = (
    "input", "setting", "seed", "code", "package", "device", "cpu", "chance",
)  # fmt: skip
_NAMES = ("<results>", "<data>")
# Parameters that say of a job what its record says elsewhere.
_ELSEWHERE = ("code", "numerics")
_TABLES_AND_FIGURES = (".csv", ".png")


@dataclass(frozen=True)
class Cause:
    """Why a job gave another result.

    Attributes:
        kind: `input`, `setting`, `seed`, `code`, `package`, `device`, `cpu`, or `chance`: nothing
            that records know differs.
        what: Path, key, file or package.
        a: Value in the first run.
        b: Value in the second run.
    """

    kind: str
    what: str
    a: str = ""
    b: str = ""


@dataclass(frozen=True)
class FirstJob:
    """A job whose result differs though that of every job before it is the same.

    Attributes:
        job: Rule and wildcards.
        causes: What differs in its records.
        files: Its outputs that differ, of those that were walked to.
        followers: Later jobs that differ since they were made from its outputs.
    """

    job: str
    causes: list[Cause]
    files: list[str]
    followers: list[str]


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns.

    Attributes:
        jobs: Number of jobs that both runs have.
        differing: Number of those with another result.
        first: The jobs at which the runs part.
        also: Causes in later jobs of their own, which cannot be told from what they follow from.
        only_a: Jobs on the way that only the first run has.
        only_b: The same for the second run.
    """

    jobs: int
    differing: int
    first: list[FirstJob]
    also: dict[str, list[Cause]]
    only_a: list[str]
    only_b: list[str]


def compare(a: str | Path, b: str | Path, results: Sequence[str] = ()) -> Comparison:
    """Compare two results folders.

    Args:
        a: Results folder of the first run.
        b: Results folder of the second run.
        results: Files to walk from, below the folders; all tables and figures by default.

    Raises:
        InputError: A folder has no records, a run has not made a result, or there is nothing to
            compare.
    """
    runs = _Run(Path(a)), _Run(Path(b))
    chosen = [f"<results>/{name}" for name in results]
    for run in runs:
        for name in chosen:
            if name not in run.records:
                raise InputError(f"{run.folder} has no record of {name}.")
    chosen = chosen or _tables_and_figures(*runs)
    if not chosen:
        raise InputError(f"{a} and {b} have no table and no figure; name the files to compare.")
    return _Walk(*runs).compare(chosen)


class _Run:
    """The records of one results folder, with paths that two runs share."""

    def __init__(self, folder: Path) -> None:
        records = read_records(folder)
        if not records:
            raise InputError(f"{folder} has no provenance records; name the results of a run.")
        self.folder = folder
        prefixes = {
            f"{prefix.rstrip('/')}/": f"{name}/"
            for record in records.values()
            for prefix, name in zip(record.folders, _NAMES, strict=False)
        }
        self._prefixes = dict(sorted(prefixes.items(), key=lambda pair: -len(pair[0])))
        self.records = {self.name(path): record for path, record in records.items()}

    def name(self, path: str) -> str:
        for prefix, name in self._prefixes.items():
            if path.startswith(prefix):
                return name + path[len(prefix) :]
        return path

    def named(self, digests: Mapping[str, str]) -> dict[str, str]:
        return {self.name(path): value for path, value in digests.items()}


def _tables_and_figures(a: _Run, b: _Run) -> list[str]:
    """Return the tables and figures that one run or the other has."""
    return sorted(
        name for name in a.records.keys() | b.records.keys()
        if name.count("/") == 1 and name.startswith("<results>/")
        and name.endswith(_TABLES_AND_FIGURES)
    )  # fmt: skip


class _Walk:
    def __init__(self, a: _Run, b: _Run) -> None:
        self._a, self._b = a, b
        self._needed: dict[str, set[str]] = {}  # outputs that were walked to, by job
        self._pairs: dict[str, tuple[Record, Record]] = {}
        self._only: tuple[set[str], set[str]] = set(), set()
        self._unequal: set[str] = set()

    def compare(self, results: Sequence[str]) -> Comparison:
        self._visit(results)
        differing = {job: files for job in self._pairs if (files := self._differing(job))}
        self._unequal = set(differing)
        after = {job: self._jobs_before(job) & differing.keys() for job in differing}
        origins = _origins(after)
        first: list[FirstJob] = []
        also: dict[str, list[Cause]] = {}
        for job, files in sorted(differing.items()):
            causes = self._causes(job)
            if not after[job]:
                causes = causes or [Cause(CHANCE, "nothing that the records know differs")]
                later = sorted(o for o in differing if job in origins[o] and o != job)
                first.append(FirstJob(job, causes, sorted(files), later))
            elif own := [c for c in causes if c.kind in (INPUT, SETTING, SEED, CODE)]:
                also[job] = own
        return Comparison(
            len(self._pairs),
            len(differing),
            first,
            self._without(also, first),
            *map(sorted, self._only),
        )

    def _visit(self, results: Sequence[str]) -> None:
        waiting = list(results)
        while waiting:
            path = waiting.pop()
            a, b = self._a.records.get(path), self._b.records.get(path)
            if a is None or b is None:
                for record, only in zip((a, b), self._only, strict=True):
                    if record is not None:
                        only.add(_job(record))
                continue
            job = _job(a)
            self._needed.setdefault(job, set()).add(path)
            if job not in self._pairs:
                self._pairs[job] = a, b
                waiting += {*self._a.named(a.inputs), *self._b.named(b.inputs)}

    def _differing(self, job: str) -> set[str]:
        a, b = self._pairs[job]
        made = self._a.named(a.outputs), self._b.named(b.outputs)
        return {path for path in self._needed[job] if made[0].get(path) != made[1].get(path)}

    def _read(self, job: str) -> tuple[dict[str, str], dict[str, str]]:
        a, b = self._pairs[job]
        return self._a.named(a.inputs), self._b.named(b.inputs)

    def _jobs_before(self, job: str) -> set[str]:
        """Return the jobs that made those inputs of a job that differ."""
        a, b = self._read(job)
        differing = [path for path in a.keys() & b.keys() if a[path] != b[path]]
        return {_job(self._a.records[p]) for p in differing if p in self._a.records}

    def _causes(self, job: str) -> list[Cause]:
        a, b = self._pairs[job]
        read_a, read_b = self._read(job)
        inputs = [
            Cause(INPUT, path, read_a.get(path, "none"), read_b.get(path, "none"))
            for path in sorted({*read_a, *read_b})
            if read_a.get(path) != read_b.get(path) and not self._is_made(path)
        ]
        gone = {cause.a for cause in inputs if cause.b == "none"}
        moved = gone & {cause.b for cause in inputs if cause.a == "none"}
        inputs = [c for c in inputs if not moved & {c.a, c.b}]  # one file, under two names
        return [*inputs, *_record_causes(a, b, _params(a, self._a), _params(b, self._b))]

    def _is_made(self, path: str) -> bool:
        """Return whether a job explains that an input differs: it gave other results itself."""
        both = path in self._a.records and path in self._b.records
        return both and _job(self._a.records[path]) in self._unequal

    @staticmethod
    def _without(also: dict[str, list[Cause]], first: Sequence[FirstJob]) -> dict[str, list[Cause]]:
        """Leave out what is a cause of the first jobs already."""
        known = {cause for job in first for cause in job.causes}
        left = {job: [c for c in causes if c not in known] for job, causes in also.items()}
        return {job: causes for job, causes in left.items() if causes}


def _origins(after: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Return the first jobs that each differing job follows from, itself among the first.

    Raises:
        InputError: The records form a circle.
    """
    waiting = dict(after)
    origins: dict[str, set[str]] = {}
    while waiting:
        ready = [job for job, before in waiting.items() if before <= origins.keys()]
        if not ready:
            raise InputError(f"The records form a circle: {', '.join(sorted(waiting)[:5])}.")
        for job in ready:
            before = waiting.pop(job)
            origins[job] = set().union(*(origins[b] for b in before)) if before else {job}
    return origins


def _job(record: Record) -> str:
    named = [f"{k}={v}" for k, v in sorted(record.wildcards.items()) if v]
    return " ".join([record.rule, *named])


def _record_causes(
    a: Record, b: Record, params_a: Mapping[str, Any], params_b: Mapping[str, Any]
) -> Iterator[Cause]:
    settings = [
        Cause(SEED if s.key.split(".")[-1] in ("seed", "seeds") else SETTING, s.key,
              *_texts(s.recorded, s.found))
        for s in differences(params_a, params_b)
    ]  # fmt: skip
    yield from sorted(settings, key=lambda cause: cause.kind != SETTING)
    for file in sorted({*a.code_files, *b.code_files}):
        if a.code_files.get(file) != b.code_files.get(file):
            yield Cause(CODE, file, *_texts(a.code_files.get(file), b.code_files.get(file)))
    for s in differences(_versions(a), _versions(b)):
        yield Cause(PACKAGE, s.key, *_texts(s.recorded, s.found))
    for s in differences(a.device, b.device):
        yield Cause(DEVICE, s.key, *_texts(s.recorded, s.found))
    for s in differences(a.environment.get("cpu", {}), b.environment.get("cpu", {})):
        yield Cause(CPU, s.key, *_texts(s.recorded, s.found))


def _params(record: Record, run: _Run) -> dict[str, Any]:
    kept = {k: v for k, v in record.params.items() if k not in _ELSEWHERE}
    return {k: run.name(v) if isinstance(v, str) else v for k, v in kept.items()}


def _versions(record: Record) -> dict[str, Any]:
    return {"python": record.environment["python"], **record.environment["packages"]}


def _texts(*values: object) -> tuple[str, ...]:
    return tuple("none" if value in (None, ABSENT) else str(value) for value in values)
