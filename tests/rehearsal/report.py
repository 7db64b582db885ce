"""What a rehearsal took: a JSON that docs/scale.md and docs/resources.md are written from; a plot.

`python -m tests.rehearsal.report` reads the records and measures of a finished rehearsal;
`benchmarks.scale` and `benchmarks.plan` put what it says beside the estimates.
"""

import argparse
import csv
from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from maknet.files import ROOT, read_rows, write_json
from maknet.provenance.records import Record, read_records
from tests.rehearsal.monitor import COLUMNS
from tests.rehearsal.run import ALL, Rehearsal

RATES = ROOT / "benchmarks/rates/rehearsal.measured.json"
PLOT = ROOT / "docs/images/rehearsal.png"
_PAUSE_S = 60  # between rows: nothing ran
_PARTS = {
    "provenance": "provenance", "digests": "digests", "report": "report.html",
    "audit page": "audit.html", "crate": "ro-crate-metadata.json", "pseudo-labels": "pseudo",
    "scores": "scores", "weights and histories": "runs", "release": "release",
}  # fmt: skip


def by_rule(records: list[Record]) -> dict[str, dict[str, float]]:
    """Return, by rule, the number of its jobs, the most memory in MiB, and seconds."""
    jobs: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        jobs[record.rule].append(record)
    found = {}
    for rule, own in sorted(jobs.items()):
        took = [_seconds(record.started, record.ended) for record in own]
        found[rule] = {
            "jobs": len(own), "memory_mb": max(record.run.get("memory_mb", 0) for record in own),
            "longest_s": max(took), "all_s": sum(took),
        }  # fmt: skip
    return found


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def pace(records: list[Record]) -> dict[str, float]:
    """Return how fast jobs followed one another.

    Returns:
        The most jobs that ended within a minute, as a mean over five, and the seconds from the end
        of the last job that another waited for to its start: the median, and of nine in ten.
    """
    made_by = {path: record for record in records for path in record.outputs}
    waited = []
    for record in records:
        before = [made_by[path].ended for path in record.inputs if path in made_by]
        if before:
            waited.append(_seconds(max(before), record.started))
    ends = np.sort([datetime.fromisoformat(record.ended).timestamp() for record in records])
    within = np.searchsorted(ends, ends + 300, side="right") - np.arange(len(ends))
    return {
        "jobs_a_minute": float(within.max()) / 5,
        "wait_median_s": float(np.median(waited)),
        "wait_9_in_10_s": float(np.quantile(waited, 0.9)),
    }  # fmt: skip


def steps(ended: Path, timeline: list[dict[str, str]]) -> dict[str, float]:
    """Return the seconds of each step: as it ended, or longer where attempts were killed."""
    whole: dict[str, float] = defaultdict(float)
    with ended.open(newline="") as handle:
        for name, _, seconds, _ in csv.reader(handle):
            whole[name] = max(whole[name], float(seconds))  # planned again after a kill
    found: dict[str, float] = defaultdict(float)
    for before, row in pairwise(timeline):
        goes_on = row["command"] == before["command"]
        since = float(row["time"]) - float(before["time"])
        found[row["command"]] += since if goes_on and since < _PAUSE_S else 0
    return {name: max(seconds, found[name]) for name, seconds in whole.items()}


def head(timeline: list[dict[str, str]], jobs: int) -> dict[str, float]:
    """Return what the head process took while it ran all jobs."""
    rows = [row for row in timeline if row["command"] in ("all", "release")]
    cpu = [float(row["head_cpu_s"]) for row in rows]
    # Each start of a head begins at 0.
    last = [cpu[n] for n in range(len(cpu)) if n + 1 == len(cpu) or cpu[n + 1] < cpu[n]]
    return {
        "memory_mb": max(int(row["head_mb"]) for row in rows),
        "open_files": max(int(row["head_open_files"]) for row in rows),
        "job_open_files": max(int(row["job_open_files"]) for row in rows),
        "jobs_mb": max(int(row["jobs_mb"]) for row in rows),
        "cpu_s": sum(last), "cpu_s_a_job": sum(last) / jobs,
    }  # fmt: skip


def sizes(folder: Path) -> dict[str, float]:
    """Return the sizes in MB of what stands beside the results."""
    return {name: _bytes(folder / path) / 1e6 for name, path in _PARTS.items()}


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(found.stat().st_size for found in path.rglob("*") if found.is_file())


def measured(rehearsal: Rehearsal) -> dict[str, Any]:
    """Return all that a rehearsal tells."""
    results, measures = rehearsal.results, rehearsal.results / "measures"
    records = [r for path, r in read_records(results).items() if path == min(r.outputs)]
    timeline = read_rows(measures / "timeline.csv")
    used = [int(row["disk_mb"]) for row in timeline]
    series = rehearsal.prepared()
    paths = [path for top in (results, rehearsal.data) for path in top.rglob("*")]
    return {
        "series": len(series),
        "slices": sum(int(row["files"]) for row in series),
        "triplets": sum(int(row["triplets"] or 0) for row in series),
        "refused": sum(row["status"] != "accepted" for row in series),
        "jobs": len(records),
        "rules": by_rule(records),
        "pace": pace(records),
        "steps_s": steps(measures / "steps.csv", timeline),
        "head": head(timeline, len(records)),
        "disk_mb": max(used), "files": max(int(row["files"]) for row in timeline),
        "files_left": len(paths),
        "longest_path": max(len(str(path.relative_to(rehearsal.folder))) for path in paths),
        "sizes_mb": sizes(results),
    }  # fmt: skip


def plot(timeline: list[dict[str, str]], series: int, target: Path) -> None:
    """Draw disk and memory over the time that the run was going on."""
    from matplotlib.figure import Figure

    values = {name: np.array([float(r[name]) for r in timeline]) for name in COLUMNS
              if name != "command"}  # fmt: skip
    pauses = np.diff(values["time"], prepend=values["time"][0])
    hours = np.cumsum(np.where(pauses < _PAUSE_S, pauses, 0)) / 3600  # less what it lay still
    figure = Figure(figsize=(8, 5), layout="constrained")
    disk, memory = figure.subplots(2, 1, sharex=True)
    disk.plot(hours, values["disk_mb"] / 1e3, color="C0")
    disk.set_ylabel("disk in use, GB")
    disk.fill_between(hours, values["disk_mb"] / 1e3, alpha=0.2, color="C0")
    memory.plot(hours, values["jobs_mb"] / 1e3, color="C1", label="jobs, two at a time")
    memory.plot(hours, values["head_mb"] / 1e3, color="C2", label="head process")
    memory.set_ylabel("memory, GB")
    memory.set_xlabel("hours")
    memory.legend(loc="upper left")
    figure.suptitle(f"Rehearsal of the paper's run: {series:,} series, small pixels, two cores")
    figure.savefig(target, dpi=100)


def main() -> None:
    """Write the JSON and the plot."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=ALL)
    parser.add_argument("--folder", type=Path, default=ROOT, help="working directory of the run")
    parser.add_argument("--target", type=Path, default=RATES)
    parser.add_argument("--plot", type=Path, default=PLOT)
    parser.add_argument("--note", default="", help="what a reader of the measures must know")
    chosen = parser.parse_args()
    rehearsal = Rehearsal(chosen.folder, chosen.series)
    found = measured(rehearsal) | {"note": chosen.note}
    write_json(chosen.target, found)
    plot(read_rows(rehearsal.results / "measures/timeline.csv"), found["series"], chosen.plot)


if __name__ == "__main__":
    main()
