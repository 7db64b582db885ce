"""The recorded jobs as a graph: who made what from what."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from maknet.config.boxes import BOXES, RESULT, box_of
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


def steps_of(graph: JobGraph, results: Sequence[str]) -> list[tuple[str, str, int, list[str]]]:
    """Return the jobs behind results by what they do: name, section, jobs, names before it.

    Args:
        graph: The recorded jobs.
        results: Paths of results; those of one kind, such as `table1.csv` and its comparisons, are
            one step.
    """
    made = {path: graph.makers[path] for path in results if path in graph.makers}
    titles = {job: _title(path) for path, job in reversed(made.items())}
    behind = graph.upstream(made.values())
    names = {
        job: titles.get(job) or ([*BOXES, RESULT][box_of(graph.jobs[job].rule)].name)
        for job in behind
    }
    before: dict[str, set[str]] = {name: set() for name in names.values()}
    for job in behind:
        before[names[job]] |= {names[other] for other in graph.before[job]} - {names[job]}
    counts = Counter(names.values())
    sections = {box.name: box.section for box in BOXES}
    order = [*(box.name for box in BOXES), *dict.fromkeys(map(_title, made)), RESULT.name]
    return [
        (name, sections.get(name, ""), counts[name], sorted(before[name] & set(order[:place])))
        for place, name in enumerate(order) if name in counts
    ]  # fmt: skip


def _title(path: str) -> str:
    """Return what a result is called: `Table 1` of `results/table1_vs_paper.csv`."""
    name = Path(path).stem
    table = re.match(r"table(\d)", name)
    if table:
        return f"Table {table[1]}"
    return "Figures" if path.endswith(".png") else "Counts and lists"
