"""From data to numbers: which printed numbers a series or a patient reached."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from maknet.config.manifest import series_facts
from maknet.errors import InputError
from maknet.files import read_json, read_rows
from maknet.provenance.code import RECORDS
from maknet.provenance.job_graph import JobGraph
from maknet.provenance.numbers import Number, figures, printed_numbers, rests_on
from maknet.provenance.paths import resolve
from maknet.provenance.records import read_records

LEFT_OUT = "left out"
_LABELED = ("prepare_lesions", "prepare_patches")


@dataclass(frozen=True)
class Source:
    """A series, or a patient's lesions in one split, and the job that prepared it.

    Attributes:
        name: SeriesInstanceUID, or the folder of a series that had none.
        job: Number of the job that prepared it.
        status: `accepted`, `refused` or `left out`; the split of labeled lesions.
        detail: Why it was refused or left out, or the number of lesions.
    """

    name: str
    job: int
    status: str
    detail: str


@dataclass(frozen=True)
class Reached:
    """What a series or a patient reached.

    Attributes:
        sources: What was found of it.
        numbers: The numbers and figures that rest on a used part of it.
    """

    sources: list[Source]
    numbers: list[Number]


def series_sources(graph: JobGraph) -> Iterator[Source]:
    """Yield every unlabeled series that was prepared for the run, refused ones among them."""
    left_out = _left_out(graph)
    for number, job in enumerate(graph.jobs):
        tables = [p for p in job.outputs if p.endswith(".series.csv")]
        if job.rule != "prepare_series" or not tables or job.wildcards.get("scenario"):
            continue
        path = resolve(tables[0])
        for row in read_rows(path) if path.is_file() else []:
            detail = " ".join(part for part in (row["reason"], row["detail"]) if part)
            name, status = row["series_uid"] or row["folder"], row["status"]
            if name in left_out:
                status, detail = LEFT_OUT, left_out[name]
            yield Source(name, number, status, detail)


def _left_out(graph: JobGraph) -> dict[str, str]:
    """Return the series that no network saw, with the reasons."""
    found: dict[str, str] = {}
    for job in graph.jobs:
        if job.rule == "exclude_series" and not job.wildcards.get("scenario"):
            for path in map(resolve, job.outputs):
                rows = read_rows(path) if path.is_file() else []
                found |= {row["series_uid"]: row["reason"] for row in rows}
    return found


def patient_sources(graph: JobGraph) -> dict[str, list[Source]]:
    """Return labeled lesions by patient, one entry for each split and kind of image."""
    found: dict[str, dict[tuple[int, str], int]] = {}
    for number, job in enumerate(graph.jobs):
        if job.rule not in _LABELED or job.wildcards.get("scenario"):
            continue
        indices = [p for p in job.outputs if re.search(r"/(train|val|test|hand)\.csv$", p)]
        for row in [row for p in indices if resolve(p).is_file() for row in read_rows(resolve(p))]:
            counts = found.setdefault(row["patient"], {})
            place = (number, job.wildcards["split"])
            counts[place] = counts.get(place, 0) + 1
    return {
        patient: [Source(f"patient {patient}", job, split, f"{count} lesions")
                  for (job, split), count in counts.items()]
        for patient, counts in found.items()
    }  # fmt: skip


def reached(results: Path, *, series: str = "", patient: str = "") -> Reached:
    """Return what a series or a patient reached.

    Args:
        results: Results folder.
        series: SeriesInstanceUID of an unlabeled series.
        patient: `Patient_index` of DeepLesion, or PatientID of an unlabeled series.

    Raises:
        InputError: The run knows no such series or patient.
    """
    graph = JobGraph(read_records(results))
    known = list(series_sources(graph))
    if series:
        sources = [s for s in known if s.name == series]
    else:
        uids = {uid for uid, name in series_patients(results).items() if name == patient}
        sources = patient_sources(graph).get(patient, []) + [s for s in known if s.name in uids]
    if not sources:
        what = f"series {series}" if series else f"patient {patient}"
        raise InputError(
            f"{results}: no job of this run prepared {what}. {len(known)} unlabeled series are "
            "known by their SeriesInstanceUID, and labeled patients by DeepLesion's Patient_index."
        )
    used = {source.job for source in sources if source.status not in ("refused", LEFT_OUT)}
    numbers = printed_numbers(results, graph) + figures(sorted(graph.makers), graph)
    return Reached(sources, [n for n in numbers if used & rests_on(n, graph)])


def found_twice(results: Path, names: Collection[str]) -> list[str]:
    """Return where else the scans of series or patients were found, one line for each pair.

    Args:
        results: Results folder; without `duplicates.csv` nothing is known.
        names: Names of `Source`.
    """
    path = resolve(f"{results}/duplicates.csv")
    lines = []
    for row in read_rows(path) if path.is_file() else []:
        sides = [_side(row, side) for side in ("1", "2")]
        for mine, other in (sides, sides[::-1]):
            if mine[1] in names:
                lines.append(
                    f"{mine[0]} and {other[0]}: {row['verdict']}, {row['in_order']} slices, "
                    f"correlation {row['correlation']}, distance {row['distance']}"
                )
    return lines


def _side(row: Mapping[str, str], side: str) -> tuple[str, str]:
    """Return a side of a pair as text, and as the name of its source."""
    series, patient, where = (row[f"{kind}_{side}"] for kind in ("series", "patient", "set"))
    if where == "unlabeled":
        return f"series {series} (slice {row[f'slice_{side}']})", series
    text = f"patient {patient} of {where} (series {series}, slice {row[f'slice_{side}']})"
    return text, f"patient {patient}"


def series_patients(results: Path) -> Mapping[str, str]:
    """Return PatientIDs by series, where the run's list of series names them."""
    for path in sorted((results / RECORDS / "config").glob("*.json")):
        config = read_json(path)["resolved"]
        if config.get("unlabeled", {}).get("source") != "tcia":
            return {}
        facts = series_facts(resolve(config["tcia"]["manifest"]))
        return {uid: item.patient for uid, item in facts.items() if item.patient}
    return {}
