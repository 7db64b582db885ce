"""The printed numbers and figures of a run, and the jobs that each of them rests on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maknet.files import read_rows
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.paths import resolve
from maknet.provenance.records import Record
from maknet.provenance.trace import SPLITS, metrics_of

TABLES = ("table1", "table2", "table3")
METRICS = ("auc", "f1", "precision", "recall")
_OTHER = {"test": "hand", "hand": "test"}


@dataclass(frozen=True)
class Number:
    """One number of a table, or one figure.

    Attributes:
        file: Path of the table or figure, as records name it.
        row: Name of the row; empty for a figure.
        column: Name of the column; of a figure, the run of a panel, or empty for all of it.
        value: The number as the CSV has it; empty for a figure.
        starts: Jobs whose results it is made of directly, the table's own first.
        without: The split, `test` or `hand`, that has no part in it; empty for none.
    """

    file: str
    row: str
    column: str
    value: str
    starts: tuple[int, ...]
    without: str

    @property
    def name(self) -> str:
        """What people call it."""
        place = Path(self.file).name
        cell = f"{self.row}:{self.column}" if self.row else self.column
        return f"{place} {cell}".strip()


def printed_numbers(results: Path, graph: JobGraph) -> list[Number]:
    """Return the numbers of Tables 1 to 3 that the paper prints, in their order."""
    found = []
    for table in TABLES:
        path = f"{results}/{table}.csv"
        if path not in graph.makers:
            continue
        for row in read_rows(resolve(path)):
            for column in _columns(row):
                found.append(_number(path, row, column, graph))
    return found


def figures(paths: Sequence[str], graph: JobGraph) -> list[Number]:
    """Return pictures, and their panels that are of one network or run.

    All that the job of a picture read has a part in it; a panel rests on its own run alone.
    """
    found = []
    for path in paths:
        maker = graph.makers.get(path, -1)
        # A scenario's pictures are compared in multiverse.csv, and are no results of the paper.
        in_base = maker >= 0 and not graph.jobs[maker].wildcards.get("scenario")
        if in_base and path.endswith(".png"):
            found.append(Number(path, "", "", "", (maker,), ""))
            found += [
                Number(path, "", run, "", (maker, graph.makers[source]), "")
                for source in sorted(graph.jobs[maker].inputs)
                if (run := _panel(source)) and source in graph.makers
            ]
    return found


def _panel(source: str) -> str:
    """Return the run that a picture's source is of; empty where it has no panel of its own."""
    place = re.search(r"/(?:explain/([\w-]+)\.npz|runs/([\w-]+)/history\.csv)$", source)
    return (place[1] or place[2]) if place else ""


def rests_on(number: Number, graph: JobGraph) -> set[int]:
    """Return the jobs that a number rests on, its own among them."""
    head, *parts = number.starts

    def follow(job: Record) -> bool:
        return not number.without or job.wildcards.get("split") != number.without

    return {head} | graph.upstream(parts, follow) if parts else graph.upstream([head], follow)


def _columns(row: dict[str, str]) -> list[str]:
    metrics = [f"{name}_{metric}" for name in SPLITS for metric in METRICS]
    return [name for name in ("parameters", *metrics) if name in row]


def _number(path: str, row: dict[str, str], column: str, graph: JobGraph) -> Number:
    table = graph.makers[path]
    run, name = row["run"], list(row.values())[1]
    if column == "parameters":
        parts = [graph.makers[p] for p in graph.jobs[table].inputs
                 if p.endswith(f"/runs/{run}/network.json") and p in graph.makers]  # fmt: skip
        return Number(path, name, column, row[column], (table, *parts), "")
    metrics = [graph.makers[p] for p in metrics_of(graph.jobs[table], run) if p in graph.makers]
    split = next(s for prefix, s in SPLITS.items() if column.startswith(prefix))
    return Number(path, name, column, row[column], (table, *metrics), _OTHER[split])
