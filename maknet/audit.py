"""Is a result still what its inputs, its code, its settings and its packages produce?

`python -m maknet.audit results/demo/table1.csv` walks from a file through the records of all jobs
before it and compares every link with what is there now. It exits with 0 only if every link holds.
With `--root` it proves that nothing in the lineage, the records included, has changed since that
root was printed. With `--cell` it says where one number of a table comes from; with `--series UID`
or `--patient ID`, which numbers a series or a patient reached, and where else its scan was found.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from maknet.errors import InputError
from maknet.progress import print_result
from maknet.provenance.code import RECORDS
from maknet.provenance.lineage import audit, recorded_name, results_folder, results_folders
from maknet.provenance.links import CHANGED, Finding, all_intact
from maknet.provenance.reach import found_twice, reached
from maknet.provenance.trace import CellTrace, trace_cell

_SHOWN = 6  # files of one kind and status below one job, before they are counted


def tree(findings: Sequence[Finding]) -> str:
    """Return a lineage as an indented tree; many similar findings of one job become one line."""
    lines: list[str] = []
    for finding, alike in _gathered(findings):
        lines.append(_line(finding))
        if alike > 0:
            lines.append(f"{'  ' * finding.depth}{finding.status:8} ... and {alike} like it")
    return "\n".join([*lines, _summary(findings)])


def _gathered(findings: Sequence[Finding]) -> Iterator[tuple[Finding, int]]:
    """Yield findings, each with the number of similar ones that are left out after it."""
    counts = Counter(map(_kind, findings))
    shown: Counter[tuple[object, ...]] = Counter()
    for finding in findings:
        key = _kind(finding)
        shown[key] += 1
        if not all_intact([finding]):
            yield finding, 0
        elif shown[key] <= _SHOWN:
            yield finding, counts[key] - _SHOWN if shown[key] == _SHOWN else 0


def _kind(finding: Finding) -> tuple[object, ...]:
    return finding.depth, finding.kind, finding.rule, finding.status


def _line(finding: Finding) -> str:
    text = f"{'  ' * finding.depth}{finding.status:8} "
    text += finding.path if finding.kind == "file" else f"{finding.kind} {finding.path}"
    if finding.kind == "file" and finding.rule:
        text += f"  [{finding.rule}]"
    if finding.status == CHANGED:
        text += f"  recorded {_short(finding.recorded)}, found {_short(finding.found)}"
    return f"{text}  ({finding.note})" if finding.note else text


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:16]}..."


def _summary(findings: Sequence[Finding]) -> str:
    counts = Counter(finding.status for finding in findings)
    verdict = "all links hold" if all_intact(list(findings)) else "the lineage does not hold"
    return f"{verdict}: " + ", ".join(f"{n} {status}" for status, n in sorted(counts.items()))


def _cell_text(table: str, cell: str, answer: CellTrace) -> str:
    lines = [f"{table} {cell} = {answer.value}", f"run: {', '.join(answer.runs)}"]
    for part, paths in answer.parts.items():
        lines.append(f"{part}:")
        lines += [f"  {path}" for path in paths[:_SHOWN]]
        if len(paths) > _SHOWN:
            lines.append(f"  ... and {len(paths) - _SHOWN} more (--json lists all)")
    if answer.series:
        count = sum(map(len, answer.series.values()))
        lines.append(f"series: {count} accepted, in {len(answer.series)} batches")
    failed = [f for f in answer.findings if not all_intact([f])]
    return "\n".join([*lines, *map(_line, failed), _summary(answer.findings)])


def _folder_of(paths: Sequence[str]) -> Path:
    """Return the results folder that is named, by itself or by a file; else the only one here."""
    if paths:
        named = Path(recorded_name(paths[0]))
        return named if (named / RECORDS).is_dir() else results_folder(named)
    found = results_folders()
    if len(found) != 1:
        said = ", ".join(map(str, found)) or "none"
        raise InputError(f"Name a results folder; those found below this folder: {said}.")
    return found[0]


def _reached(chosen: argparse.Namespace) -> int:
    """Say which numbers a series or a patient reached."""
    folder = _folder_of(chosen.paths)
    found = reached(folder, series=chosen.series or "", patient=chosen.patient or "")
    numbers = [{"name": n.name, "value": n.value} for n in found.numbers]
    twins = found_twice(folder, {source.name for source in found.sources})
    if chosen.json:
        sources = [asdict(source) for source in found.sources]
        print_result(
            json.dumps({"sources": sources, "found_twice": twins, "numbers": numbers}, indent=1)
        )
        return 0
    lines = [
        f"{s.name}: {s.status}" + (f" ({s.detail})" if s.detail else "") for s in found.sources
    ]
    lines += [f"found twice: {line}" for line in twins]
    lines.append(f"reached {len(numbers)} numbers and figures:")
    lines += [f"  {n['name']}" + (f" = {n['value']}" if n["value"] else "") for n in numbers]
    print_result("\n".join(lines))
    return 0


def _refuse_what_would_be_ignored(
    parser: argparse.ArgumentParser, chosen: argparse.Namespace
) -> None:
    source = chosen.series or chosen.patient
    if source and (chosen.cell or chosen.root or chosen.deep):
        parser.error("--series and --patient go with a folder and --json alone")
    if chosen.series and chosen.patient:
        parser.error("ask for --series or for --patient")
    if not source and not chosen.paths:
        parser.error("name a result, such as results/table3.csv")
    if len(chosen.paths) > 1 and (source or chosen.cell):
        parser.error("--cell, --series and --patient go with one path")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m maknet.audit", description=__doc__)
    parser.add_argument("paths", nargs="*", help="results, as the workflow names them")
    parser.add_argument("--series", metavar="UID", help="name the numbers that a series reached")
    parser.add_argument("--patient", metavar="ID", help="name the numbers that a patient reached")
    parser.add_argument("--cell", metavar="ROW:COLUMN", help="trace one number, 3:hand_labeled_auc")
    parser.add_argument("--root", metavar="HEX", help="the root that was printed with the result")
    parser.add_argument("--deep", action="store_true",
                        help="read every byte again, raw series as well")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print as JSON")
    chosen = parser.parse_args(arguments)
    _refuse_what_would_be_ignored(parser, chosen)
    try:
        if chosen.series or chosen.patient:
            return _reached(chosen)
        if chosen.cell:
            answer = trace_cell(
                recorded_name(chosen.paths[0]), chosen.cell, deep=chosen.deep, root=chosen.root
            )
            findings, data = answer.findings, asdict(answer)
            text = _cell_text(chosen.paths[0], chosen.cell, answer)
        else:
            findings = audit(*chosen.paths, deep=chosen.deep, root=chosen.root)
            text, data = tree(findings), {"findings": [asdict(f) for f in findings]}
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    data["holds"] = all_intact(findings)
    print_result(json.dumps(data, indent=1) if chosen.json else text)
    return 0 if data["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
