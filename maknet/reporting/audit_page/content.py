"""What the audit page shows, as one structure that its script reads.

Jobs, files, settings and the like are lists, and refer to each other by their places: at full size
a thousand jobs read half a million files.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.config.boxes import BOXES, RESULT, box_of
from maknet.provenance.code import RECORDS
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.lineage import Lineage
from maknet.provenance.links import INTACT, OTHER, RAW, RECEIPT, Finding, all_intact
from maknet.provenance.numbers import Number
from maknet.provenance.reach import patient_sources, series_patients, series_sources
from maknet.provenance.records import Record
from maknet.provenance.roots import file_root
from maknet.reporting.audit_page.settings import job_settings

_WHOLE = (INTACT, RAW, RECEIPT, OTHER)

# A wildcard of a path, perhaps with what it must match: {batch,[\w-]+}.
_WILDCARD = re.compile(r"\{(\w+)(?:,(?:[^{}]|\{[^}]*\})*)?\}")


class Places:
    """A list of different things, and the place of each."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._known: dict[str, int] = {}

    def of(self, item: Any) -> int:  # noqa: ANN401 - any JSON value
        """Return the place of a thing, which is added if it is new."""
        key = json.dumps(item, sort_keys=True)
        if key not in self._known:
            self._known[key] = len(self.items)
            self.items.append(item)
        return self._known[key]


def page_content(
    results: Path, records: dict[str, Record], graph: JobGraph, numbers: Sequence[Number],
    findings: Sequence[Finding], about: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Return all that the page shows.

    Args:
        results: Results folder.
        records: Its records.
        graph: The recorded jobs.
        numbers: Printed numbers, and figures.
        findings: The audit of all of them.
        about: What stands on the page besides: `dataset`, `made` (time of the audit), `commit`,
            `repository` (address, may be empty), `rules` (docstring and log of each), `places`
            (file and line of each rule), `sections` (of settings), `licenses` (rows of
            data_and_licenses.csv).
    """
    files: dict[str, Finding] = {}
    for finding in findings:  # a file may have been read twice: what does not hold is kept
        known = files.get(finding.path)
        if finding.kind == "file" and (known is None or all_intact([known])):
            files[finding.path] = finding
    lineage = Lineage(results, records, deep=False)
    codes, settings, environments = Places(), Places(), Places()
    paths = {path: place for place, path in enumerate(_paths(graph.jobs))}
    jobs = []
    for number, job in enumerate(graph.jobs):
        shown = min(job.outputs)
        jobs.append({
            "rule": job.rule, "name": _job_name(job), "box": box_of(job.rule),
            "started": job.started, "ended": job.ended, "device": job.device.get("name", ""),
            "code": codes.of({"script": job.script, "digest": job.code, "files": job.code_files}),
            "settings": settings.of(job_settings(job, results)),
            "environment": environments.of(_environment(job)),
            "inputs": [paths[p] for p in sorted(job.inputs)],
            "outputs": [paths[p] for p in sorted(job.outputs)],
            "before": graph.before[number], "root": file_root(job, shown),
            "slurm": job.run.get("slurm_job") or "", "split": job.wildcards.get("split", ""),
            "faults": [_fault(finding) for finding in lineage.faults_of(job)],
            "record": f"{results}/{RECORDS}/{job.rule}", "log": log_of(job, about["rules"]),
        })  # fmt: skip
    return {
        **about,
        "boxes": [{"name": box.name, "section": box.section} for box in (*BOXES, RESULT)],
        "jobs": jobs,
        "files": [_file(path, graph, files.get(path)) for path in paths],
        "codes": codes.items, "settings": settings.items, "environments": environments.items,
        "holds": all_intact(list(findings)),
        "counts": _counts(findings),
        "numbers": [
            {"file": n.file, "row": n.row, "column": n.column, "value": n.value,
             "starts": list(n.starts), "without": n.without}
            for n in numbers
        ],
        "series": [[s.name, s.job, s.status, s.detail] for s in series_sources(graph)],
        "series_patients": dict(series_patients(results)),
        "patients": {
            patient: [[s.job, s.status, s.detail] for s in sources]
            for patient, sources in patient_sources(graph).items()
        },
    }  # fmt: skip


def _paths(jobs: Iterable[Record]) -> list[str]:
    return sorted({path for job in jobs for path in (*job.inputs, *job.outputs)})


def _job_name(job: Record) -> str:
    parts = [f"{name} {value}" for name, value in job.wildcards.items() if value]
    return ", ".join(parts).replace("seed -seed", "seed ")


def log_of(job: Record, rules: Mapping[str, Sequence[str]]) -> str:
    """Return where a job's log is, by the pattern of its rule.

    Args:
        job: The job.
        rules: Docstring and pattern of the log of each rule.
    """
    pattern = rules.get(job.rule, ())[1:]
    known = defaultdict(str, job.wildcards)
    return _WILDCARD.sub(lambda match: known[match[1]], pattern[0]) if pattern else ""


def rule_places(folder: Path, root: Path) -> dict[str, tuple[str, int]]:
    """Return the file, below the root of the checkout, and the line of each rule.

    Args:
        folder: Folder of the rules' files.
        root: Root of the checkout.
    """
    found = {}
    for path in sorted(folder.glob("*.smk")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            rule = re.match(r"(?:use rule \w+ as|rule) (\w+)(?: with)?:", line)
            if rule:
                found[rule[1]] = str(path.relative_to(root)), number
    return found


def _environment(job: Record) -> dict[str, Any]:
    known = job.environment
    return {
        "python": known["python"], "packages": known["packages"], "cpu": known["cpu"]["model"],
        "commit": known["commit"], "clean": known.get("clean"),
    }  # fmt: skip


def _file(path: str, graph: JobGraph, finding: Finding | None) -> list[Any]:
    """Return a file's path, digest, maker, verdict, and what was found in its place."""
    maker = graph.makers.get(path, -1)
    digest = graph.jobs[maker].outputs[path] if maker >= 0 else ""
    if finding is None:
        return [path, digest, maker, ""]
    found = [path, digest or finding.recorded, maker, finding.status]
    return found if finding.status in _WHOLE else [*found, finding.found, finding.note]


def _fault(finding: Finding) -> list[str]:
    return [finding.kind, finding.path, finding.status, finding.recorded, finding.found,
            finding.note]  # fmt: skip


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.status] = counts.get(finding.status, 0) + 1
    return counts
