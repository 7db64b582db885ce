"""Every link of a result's lineage, compared with what is there now."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from maknet.config.settings import Setting
from maknet.errors import InputError
from maknet.provenance.code import RECORDS
from maknet.provenance.digests import LISTING, DigestStore
from maknet.provenance.job_settings import depends_on
from maknet.provenance.links import (
    CHANGED,
    INTACT,
    MISSING,
    RAW,
    RECEIPT,
    Finding,
    all_intact,
    code_links,
    cpu_links,
    package_links,
)
from maknet.provenance.paths import resolve, to_portable
from maknet.provenance.receipts import compare_with_receipt, receipt_path
from maknet.provenance.records import Record, read_records
from maknet.provenance.roots import file_root, joined_root
from maknet.provenance.settings import changed_settings, is_kept

_NO_RECORD = (
    "a job of the workflow made it, and its record is gone: make it anew with `snakemake -f`"
)
_OTHER_RECORD = "the record of what was read has changed since it was read"
_OTHER_CONFIG = "the kept configuration is not the one that the job ran with"
_BESIDE = "written beside what was audited; it has a root of its own"
_NO_END = "the record is of a job that failed, or ended before it began"


def audit(*paths: str, deep: bool = False, root: str | None = None) -> list[Finding]:
    """Return every link of the lineage of results, each link once, a result before its sources.

    Args:
        paths: Results, in one results folder.
        deep: Whether to read every byte of large files again, and to check raw series against their
            receipts.
        root: The root that was printed when the results were made, see `result_roots`. Every byte
            is read then: who can forge a result can forge what is kept of its size and times.

    Raises:
        InputError: No record says how the file was made.
    """
    names = [recorded_name(path) for path in paths]
    results = results_folder(Path(names[0]))
    records = read_records(results)
    findings = compare_root(result_roots(names, records), root)
    lineage = Lineage(results, records, deep=deep or root is not None, siblings=True)
    for name in names:
        findings += lineage.walk(name)
    return findings


def compare_root(roots: Mapping[str, str], root: str | None) -> list[Finding]:
    """Return what the printed root of some results says of their roots now; nothing without one."""
    if root is None:
        return []
    found, printed = joined_root(roots), root.strip().lower()
    status = INTACT if found == printed else CHANGED
    return [Finding(0, "root", ", ".join(roots), "", status, printed, found)]


def recorded_name(path: str) -> str:
    """Return a path as records name it, however a user wrote it."""
    return str(to_portable(os.path.normpath(path)))


def result_roots(names: Sequence[str], records: Mapping[str, Record]) -> dict[str, str]:
    """Return the roots of results by path.

    Raises:
        InputError: No record says how one of them was made.
    """
    for name in names:
        if name not in records:
            raise InputError(
                f"{name} has no provenance record; make it with the workflow, from this folder."
            )
    return {name: file_root(records[name], name) for name in names}


def results_folder(path: Path) -> Path:
    """Return the folder that holds the records: above a result, or near it for what lies in data.

    Raises:
        InputError: There is no such folder.
    """
    for folder in path.parents:
        if (folder / RECORDS).is_dir():
            return folder
    for folder in results_folders():
        if str(path) in read_records(folder):
            return folder
    raise InputError(f"{path} lies in no results folder with a {RECORDS} folder; run the workflow.")


def results_folders() -> list[Path]:
    """Return the results folders at most two levels below the working directory."""
    found = (path.parent for depth in ("*", "*/*") for path in Path().glob(f"{depth}/{RECORDS}"))
    return sorted(found)


class Lineage:
    """Walks from a file through the records of all jobs before it.

    Args:
        results: Results folder.
        records: Records by the path of each output.
        deep: Whether to read every byte, see `audit`.
        wanted: Returns whether to follow an input of a job; all are followed by default.
        siblings: Whether what a job wrote beside a file is compared as well.
    """

    def __init__(
        self, results: Path, records: dict[str, Record], *, deep: bool,
        wanted: Callable[[Record, str], bool] = lambda record, source: True,
        siblings: bool = False,
    ) -> None:  # fmt: skip
        self._folder = results / RECORDS
        self._digests = DigestStore(results)
        self._records = records
        self._deep = deep
        self._wanted = wanted
        self._siblings = siblings
        self._seen: set[str] = set()
        self._compared: set[tuple[str, str]] = set()
        self._beside: dict[str, tuple[Record, int]] = {}
        self._settings: dict[str, list[Setting]] = {}

    def walk(self, path: str) -> Iterator[Finding]:
        """Yield the findings of a file and of all that it came from."""
        record = self._records.get(path)
        yield from self._walk(path, record.outputs[path] if record else "", 0)
        # Last, since what was read of a file tells more than what its rule wrote.
        for other, (made_by, depth) in self._beside.items():
            if other not in self._seen:
                self._seen.add(other)
                found = self._compare(other, made_by.outputs[other], made_by, depth)
                yield replace(found, note=found.note or _BESIDE)
        self._beside.clear()

    def beside(self, path: str) -> list[Finding]:
        """Return the finding of a file that a job wrote beside what was walked to."""
        record = self._records.get(path)
        if record is None or path in self._seen:
            return []
        self._seen.add(path)
        return [self._compare(path, record.outputs[path], record, 1)]

    def _walk(self, path: str, recorded: str, depth: int) -> Iterator[Finding]:
        record = self._records.get(path)
        if (path, recorded) not in self._compared:  # two jobs may have read different bytes
            self._compared.add((path, recorded))
            yield self._compare(path, recorded, record, depth)
        if path in self._seen:
            return
        self._seen.add(path)
        if record is None:
            return
        if self._siblings:
            self._beside |= dict.fromkeys(record.outputs, (record, depth))
        receipt = str(receipt_path(path))
        if receipt in record.outputs and receipt not in self._seen:
            self._seen.add(receipt)
            yield self._compare(receipt, record.outputs[receipt], record, depth + 1)
        for finding in self._of_job(record, depth + 1):
            key = f"{finding.kind} {finding.path} {finding.recorded} {finding.status}"
            if key not in self._seen:
                self._seen.add(key)
                yield finding
        if record.exit != 0 or not _in_order(record.started, record.ended):
            yield Finding(depth + 1, "record", path, record.rule, CHANGED, "", "", _NO_END)
        for source, read in record.inputs.items():
            if self._wanted(record, source):
                for finding in self._linked(record, source, depth + 1):
                    gone = f"record {source}" if finding.status == MISSING else ""
                    if gone not in self._seen:
                        self._seen |= {gone} if gone else set()
                        yield finding
                yield from self._walk(source, read, depth + 1)

    def faults_of(self, record: Record) -> list[Finding]:
        """Return what does not hold of one job, beside its files: code, settings, packages, CPU.

        What it read from a record that is gone, or is other than it was, is part of it.
        """
        links = [*self._of_job(record, 0)]
        links += [found for path in record.inputs for found in self._linked(record, path, 0)]
        return [finding for finding in links if not all_intact([finding])]

    def _of_job(self, record: Record, depth: int) -> Iterator[Finding]:
        for links in (code_links, self._config, package_links, cpu_links):
            yield from links(record, depth)

    def _linked(self, record: Record, source: str, depth: int) -> Iterator[Finding]:
        """Yield a finding where an input's record is gone, or other than the one that was read."""
        made_by, recorded = self._records.get(source), record.made_from.get(source, "")
        if made_by is None:
            made_here = any(source.startswith(f"{folder}/") for folder in record.folders)
            if recorded or made_here:
                yield Finding(depth, "record", source, "", MISSING, recorded, "", _NO_RECORD)
            return
        found = file_root(made_by, source)
        if found != recorded:
            rule = made_by.rule
            yield Finding(depth, "record", source, rule, CHANGED, recorded, found, _OTHER_RECORD)

    def _compare(self, path: str, recorded: str, record: Record | None, depth: int) -> Finding:
        rule, place = record.rule if record else "", resolve(path)
        if not place.exists():
            receipt = str(receipt_path(path))
            fetched = place.parent.name == "series" and recorded.startswith(LISTING)
            if record is not None and receipt in record.outputs and fetched and depth > 0:
                note = f"deleted after use; its files are listed in {receipt}"
                return Finding(depth, "file", path, rule, RECEIPT, recorded, "", note)
            return Finding(depth, "file", path, rule, MISSING, recorded, "")
        found = self._digests.current(place, recorded, deep=self._deep)
        made = record.outputs[path] if record is not None else recorded
        if found == recorded and made != recorded:
            note = "what was read is not what its rule made last"
            return Finding(depth, "file", path, rule, CHANGED, recorded, made, note)
        status = CHANGED if found != recorded else INTACT if rule else RAW
        note = compare_with_receipt(place) if self._deep and status == INTACT else ""
        return Finding(
            depth, "file", path, rule, CHANGED if note else status, recorded, found, note
        )

    def _config(self, record: Record, depth: int) -> Iterator[Finding]:
        try:
            changed = [s for s in self._changed_settings(record.config) if depends_on(record, s)]
        except InputError as error:
            name = f"configuration of {record.rule}"
            yield Finding(
                depth, "config", name, record.rule, CHANGED, record.config, "", str(error)
            )
            return
        for s in changed:
            name = f"{s.key} ({record.rule})"
            yield Finding(depth, "config", name, record.rule, CHANGED, repr(s.recorded),
                          repr(s.found))  # fmt: skip
        if not changed:
            name = f"settings of {record.rule}"
            yield Finding(depth, "config", name, record.rule, INTACT, record.config, record.config)

    def _changed_settings(self, config: str) -> list[Setting]:
        if config not in self._settings:
            if not is_kept(self._folder, config):
                raise InputError(_OTHER_CONFIG)
            self._settings[config] = changed_settings(self._folder, config)
        return self._settings[config]


def _in_order(started: str, ended: str) -> bool:
    try:
        return datetime.fromisoformat(started) <= datetime.fromisoformat(ended)
    except (ValueError, TypeError):  # one of them with a time zone
        return False
