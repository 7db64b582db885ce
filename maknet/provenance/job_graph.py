"""The recorded jobs as a graph: who made what from what."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from maknet.provenance.records import Record


class JobGraph:
    """Jobs and their dependencies.

    Args:
        records: Records by the path of each output.

    Attributes:
        jobs: The jobs, those that ran earlier first.
        makers: Number of the job that made a file, by path.
        before: Numbers of the jobs that each job read from.
    """

    def __init__(self, records: Mapping[str, Record]) -> None:
        unique = {id(record): record for record in records.values()}
        self.jobs = sorted(unique.values(), key=lambda job: (job.started, min(job.outputs)))
        self.makers = {path: n for n, job in enumerate(self.jobs) for path in job.outputs}
        self.before = [
            sorted({self.makers[path] for path in job.inputs if path in self.makers})
            for job in self.jobs
        ]

    def upstream(
        self, starts: Iterable[int], follow: Callable[[Record], bool] = lambda job: True
    ) -> set[int]:
        """Return jobs and all that they rest on.

        Args:
            starts: Numbers of jobs.
            follow: Whether a job counts; what only it leads to does not either.
        """
        found: set[int] = set()
        waiting = list(starts)
        while waiting:
            number = waiting.pop()
            if number not in found and follow(self.jobs[number]):
                found.add(number)
                waiting += self.before[number]
        return found

    def makers_of(self, rule: str) -> dict[str, int]:
        """Return the jobs of a rule by the name, without its suffixes, of what they made first."""
        return {
            Path(min(job.outputs)).name.split(".")[0]: number
            for number, job in enumerate(self.jobs) if job.rule == rule
        }  # fmt: skip
