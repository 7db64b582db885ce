"""One provenance record for each job: what went in, what ran, what came out.

A record is written when a job succeeds, below `provenance/` of the results folder, and names every
input and output with its digest. `maknet.audit` walks from a result through the records.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from maknet.errors import InputError
from maknet.files import read_json
from maknet.provenance.code import RECORDS

logger = logging.getLogger(__name__)
_read: dict[tuple[str, int, int, int], "Record"] = {}


@dataclass(frozen=True)
class Record:
    """A record as it is read back.

    Attributes:
        rule: Name of the rule.
        wildcards: Wildcards of the job.
        params: Parameters of the rule, which hold its settings.
        inputs: Digests of the inputs by path.
        outputs: Digests of the outputs by path.
        script: Path of the script below the root of the checkout.
        code: Digest of the script and of all modules that it can import.
        code_files: Digests of the script and of these modules by file.
        config: Digest of the configuration, see `maknet.provenance.settings`.
        environment: Versions of the packages that the job imported, and state of the checkout.
        device: Device of the job, and whether its operations were deterministic.
        run: Slurm job, visible GPUs, and the most memory in MiB that a process of it held.
        folders: Folders below which every file is made by a job: results and data.
        made_from: Roots of the inputs that a job made, by path, see `maknet.provenance.roots`.
        started: Start of the job, UTC, ISO 8601.
        ended: End of the job, UTC, ISO 8601.
        exit: Exit code; a job that fails leaves no record.
    """

    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    script: str
    code: str
    code_files: dict[str, str]
    config: str
    environment: dict[str, Any]
    device: dict[str, Any]
    run: dict[str, Any]
    folders: list[str]
    made_from: dict[str, str]
    started: str
    ended: str
    exit: int


def read_records(results: Path) -> dict[str, Record]:
    """Return the records below a results folder, by the path of each output.

    A damaged record is named in the log and left out: what its job made counts as made by none.
    """
    records: dict[str, Record] = {}
    for path in sorted(results.glob(f"{RECORDS}/*/*.json")):
        if path.parent.name == "config":
            continue
        try:
            record = read_record(path)
        except InputError as error:
            logger.warning("%s", error)
            continue
        records |= dict.fromkeys(record.outputs, record)
    return records


def read_record(path: Path) -> Record:
    """Read one record; a process reads a file that does not change only once.

    Raises:
        InputError: The record is damaged, or of another version of the workflow.
    """
    try:
        now = path.stat()
        key = (str(path), now.st_mtime_ns, now.st_ctime_ns, now.st_ino)
        if key not in _read:
            _read[key] = _checked(Record(**read_json(path)))
        return _read[key]
    except (TypeError, OSError) as error:
        raise InputError(
            f"{path} is not a provenance record of this version ({error}); delete the outputs of "
            "its rule and run the workflow again."
        ) from error


def _checked(record: Record) -> Record:
    """Return a record whose parts have the types that they are used as."""
    for name, kind in get_type_hints(Record).items():
        if type(getattr(record, name)) is not (get_origin(kind) or kind):
            raise TypeError(f"{name} is {getattr(record, name)!r}")
    texts = [*record.inputs.values(), *record.outputs.values(), *record.made_from.values()]
    if not all(isinstance(text, str) for text in [*texts, *record.folders]):
        raise TypeError("a digest or a folder is no text")
    if not {"python", "packages", "cpu", "commit"} <= record.environment.keys():
        raise TypeError("its environment lacks a part")
    return record
