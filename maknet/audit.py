"""Is a result still what its inputs and its code produce?

`python -m maknet.audit results/demo/table1.csv` walks from a file through the records of all jobs
before it, digests every file again and compares the code with what ran. Exit 0 only if all holds.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from maknet.digests import digest
from maknet.errors import InputError
from maknet.provenance import code_digest
from maknet.records import FOLDER, Record, read_records

INTACT, CHANGED, MISSING, RAW = "intact", "changed", "missing", "raw"


@dataclass(frozen=True)
class Finding:
    """One link of a lineage.

    Attributes:
        depth: Jobs between the audited file and this link.
        path: The file or folder, or the script.
        rule: The rule that made it, empty for raw data.
        status: `intact`, `changed`, `missing`, or `raw`: recorded as an input and made by no rule.
        recorded: The digest when it was made or read.
        found: The digest now.
    """

    depth: int
    path: str
    rule: str
    status: str
    recorded: str
    found: str


def audit(path: str) -> list[Finding]:
    """Return every link of the lineage of `path`, the file itself first.

    Raises:
        InputError: No record says how the file was made.
    """
    records = read_records(_results_folder(Path(path)))
    if path not in records:
        raise InputError(
            f"{path} has no provenance record; make it with the workflow, from this folder."
        )
    return list(_walk(path, records[path].outputs[path], records, 0, set()))


def holds(findings: list[Finding]) -> bool:
    """Return whether nothing was changed and nothing is missing."""
    return all(finding.status in (INTACT, RAW) for finding in findings)


def _results_folder(path: Path) -> Path:
    for folder in path.parents:
        if (folder / FOLDER).is_dir():
            return folder
    raise InputError(f"{path} lies in no results folder with a {FOLDER} folder; run the workflow.")


def _walk(
    path: str, recorded: str, records: dict[str, Record], depth: int, seen: set[str]
) -> Iterator[Finding]:
    if path in seen:
        return
    seen.add(path)
    record = records.get(path)
    yield _compare(path, recorded, record.rule if record else "", depth)
    if record is None:
        return
    script = f"{record.script} ({record.rule})"
    if script not in seen:
        seen.add(script)
        now = code_digest(record.script)
        status = INTACT if now == record.code else CHANGED
        yield Finding(depth + 1, script, record.rule, status, record.code, now)
    for source, read in record.inputs.items():
        yield from _walk(source, read, records, depth + 1, seen)


def _compare(path: str, recorded: str, rule: str, depth: int) -> Finding:
    if not Path(path).exists():
        return Finding(depth, path, rule, MISSING, recorded, "")
    found = digest(path)
    status = CHANGED if found != recorded else INTACT if rule else RAW
    return Finding(depth, path, rule, status, recorded, found)


def _line(finding: Finding) -> str:
    text = f"{'  ' * finding.depth}{finding.status}  {finding.path}"
    if finding.status == CHANGED:
        text += f"  recorded {finding.recorded[:12]}, found {finding.found[:12]}"
    return text


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m maknet.audit", description=__doc__)
    parser.add_argument("path", help="a result, as the workflow names it")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    arguments = parser.parse_args()
    try:
        findings = audit(arguments.path)
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    if arguments.json:
        sys.stdout.write(json.dumps([asdict(f) for f in findings], indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(map(_line, findings)) + "\n")
    return 0 if holds(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
