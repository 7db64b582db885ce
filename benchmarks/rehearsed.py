"""The rehearsal's measures beside what was estimated, for docs/scale.md and docs/resources.md.

`make rehearsal` runs the whole plan with every count real and small pixels; `python -m
tests.rehearsal.report` keeps what it took in `benchmarks/rates/rehearsal.measured.json`.
"""

import json
from typing import Any

from maknet.files import ROOT

MEASURED = ROOT / "benchmarks/rates/rehearsal.measured.json"
_ALL_SERIES = 7_667
_TEXT = """## Rehearsed

`make rehearsal` runs the paper's plan with one seed, through the rules that fetch, against archives
on loopback that draw what they are asked for. Counts are real, pixels are not: series of 64 x 64,
images of 32 x 32, narrow networks, two epochs; the search for scans found twice compares three
look-alikes of a slice in place of ten, and looks for two slices of a series in place of eight.
Measured on two cores: {series:,} series ({whole})
with {slices:,} slices, {triplets:,} images, {refused} series refused; {jobs:,} jobs.{missing}
{note}

| what | measured |
| --- | --- |
"""
_PLOT = """
![Disk and memory over the rehearsal](images/rehearsal.png)

What each rule took stands beside what it asks for in [resources.md](resources.md).

"""


def measures() -> dict[str, Any]:
    """Return what the kept rehearsal took."""
    return dict(json.loads(MEASURED.read_text()))


def of_rule(name: str) -> dict[str, float]:
    """Return the jobs, memory in MB and seconds of a rule; nothing for one that did not run."""
    return dict(measures()["rules"].get(name, {}))


def section() -> list[str]:
    """Return the section of docs/scale.md."""
    found = measures()
    steps, head, sizes = found["steps_s"], found["head"], found["sizes_mb"]
    part = found["series"] / _ALL_SERIES
    whole = "all of them" if part == 1 else f"{part:.0%} of them, and of the lesions"
    missing = "" if part == 1 else "\nA rehearsal of all series has not been run to its end yet."
    rows = {
        "planning (`--dry-run`)": _duration(steps["plan"]),
        "all results": _duration(steps["all"]),
        "release, with its digests": _duration(steps.get("release", 0)),
        "report": f"{_duration(steps.get('report', 0))}, {sizes['report']:.0f} MB",
        "audit of every table and figure": _duration(steps.get("audit", 0)),
        "planning again, nothing to be done": _duration(steps.get("plan again", 0)),
        "head process": f"{head['memory_mb']:,} MB, {head['cpu_s_a_job']:.2f} s of CPU per job, "
                        f"{head['open_files']} open files",
        "jobs, two at a time": f"{head['jobs_mb'] / 1e3:.1f} GB at most, "
                               f"{head['job_open_files']:,} open files",
        "from a job's end to its successor's start":
            f"{found['pace']['wait_median_s']:.0f} s in the median; "
            f"at most {found['pace']['jobs_a_minute']:.0f} jobs per minute",
        "disk, at most": f"{found['disk_mb'] / 1e3:.1f} GB, {found['files']:,} files",
        "records and digests": f"{sizes['provenance']:.0f} and {sizes['digests']:.0f} MB",
        "audit page, crate": f"{sizes['audit page']:.1f} and {sizes['crate']:.1f} MB",
        "pseudo-labels of six rounds": f"{sizes['pseudo-labels']:.0f} MB",
        "longest path": f"{found['longest_path']} characters below the working directory",
    }  # fmt: skip
    text = _TEXT.format(whole=whole, missing=missing, **found)
    table = [f"| {name} | {value} |" for name, value in rows.items()]
    return [*text.splitlines(), *table, *_PLOT.splitlines()]


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
