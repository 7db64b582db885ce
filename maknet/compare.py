"""Where do two runs part, and why?

`python -m maknet.compare A B` compares two results folders, of two machines, two commits or two
configurations, by their records, and names the first jobs whose results differ, the cause, and how
many later differences follow from it. Exit 0 if nothing differs. `python -m maknet.compare A
--published` says which results of the demo have the bytes that are published in
config/demo_digests.csv. `python -m maknet.compare A B C --table table2.csv` prints the table of
several runs side by side.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from maknet.errors import InputError
from maknet.progress import print_result
from maknet.provenance.comparison import CHANCE, Cause, Comparison, FirstJob, compare
from maknet.provenance.published import Agreement, agreement, publish
from maknet.reporting.tables.side_by_side import side_by_side

_SHOWN = 6


def text(found: Comparison) -> str:
    """Return a comparison for people."""
    lines = [f"{found.jobs} jobs compared, {found.differing} with another result"]
    for first in found.first:
        lines += ["", *_first_lines(first)]
    for job, causes in found.also.items():
        lines += ["", f"changed as well, in a job that follows: {job}", *_cause_lines(causes)]
    for name, only in (("first", found.only_a), ("second", found.only_b)):
        if only:
            lines += ["", f"only the {name} run has: {_shortened(only)}"]
    return "\n".join(lines)


def published_text(alike: Agreement) -> str:
    """Return what a run has of the published results, for people."""
    total = len(alike.same) + len(alike.other) + len(alike.missing)
    lines = [f"{len(alike.same)} of {total} published results are here byte for byte."]
    for name, files in (("Other bytes", alike.other), ("Missing", alike.missing)):
        if files:
            lines.append(f"{name}: {', '.join(files)}")
    if alike.other:
        lines.append(
            "Another CPU architecture, other packages, settings or code: "
            "the records in provenance/ say which."
        )
    return "\n".join(lines)


def _first_lines(first: FirstJob) -> Iterator[str]:
    yield f"the runs part at: {first.job}"
    yield from _cause_lines(first.causes)
    yield f"  other bytes: {_shortened(first.files)}"
    if first.followers:
        yield f"  {len(first.followers)} later jobs follow: {_shortened(first.followers)}"


def _cause_lines(causes: Sequence[Cause]) -> Iterator[str]:
    for cause in causes[:_SHOWN]:
        if cause.kind == CHANCE:
            yield f"  cause: none that the records know ({cause.what}): chance"
        else:
            yield f"  cause: {cause.kind} {cause.what}: {cause.a[:40]}, then {cause.b[:40]}"
    if len(causes) > _SHOWN:
        yield f"  ... and {len(causes) - _SHOWN} more (--json lists all)"


def _shortened(names: Sequence[str]) -> str:
    more = f", ... and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m maknet.compare", description=__doc__)
    parser.add_argument("a", help="results folder of the first run")
    parser.add_argument("b", nargs="?", help="results folder of the second run")
    parser.add_argument(
        "results",
        nargs="*",
        help="files to walk from, such as table2.csv, or more folders for --table",
    )
    parser.add_argument("--published", action="store_true",
                        help="compare with the published digests of the demo")  # fmt: skip
    parser.add_argument("--publish", action="store_true",
                        help="write the digests of A as the published ones")  # fmt: skip
    parser.add_argument("--table", metavar="NAME",
                        help="print this table of all named folders side by side")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print as JSON")
    chosen = parser.parse_args(arguments)
    if (chosen.b is None) != (chosen.published or chosen.publish):
        parser.error("name two results folders, or one and --published")
    if chosen.b is None and (chosen.table or chosen.json):
        parser.error("--table and --json need two results folders")
    if chosen.table and chosen.json:
        parser.error("--table prints a table, and --json what differs; choose one")
    try:
        if chosen.table:
            folders = [chosen.a, chosen.b, *chosen.results]
            print_result(side_by_side(chosen.table, folders))
            return 0
        if chosen.publish:
            publish(Path(chosen.a))
        if chosen.b is None:
            alike = agreement(Path(chosen.a))
            print_result(published_text(alike))
            return 1 if alike.other or alike.missing else 0
        found = compare(chosen.a, chosen.b, chosen.results)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    data: Mapping[str, object] = asdict(found)
    print_result(json.dumps(data, indent=1) if chosen.json else text(found))
    return 1 if found.differing or found.only_a or found.only_b else 0


if __name__ == "__main__":
    sys.exit(main())
