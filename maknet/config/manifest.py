"""The list of TCIA series to fetch, read while the workflow is parsed.

The shipped manifest makes the jobs of the full-size run known without network. A CSV with a column
`SeriesInstanceUID`, or a `.tcia` file of the NBIA Data Retriever, may take its place. Only the
standard library is used, since every cluster job reads it again.
"""

import difflib
import lzma
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from maknet.errors import InputError
from maknet.files import ROOT, csv_rows, existing_file, parsing, read_rows, short_sha256

_UID = re.compile(r"(?=.{1,64}$)[0-9]+(\.[0-9]+)+")
_ADDRESS = re.compile(r"(s3://[\w.-]+/[\w./-]+/\*)?")  # of all files of a series
_BATCH = re.compile(r"[\w-]{1,100}")
_COUNT = re.compile(r"0*[1-9][0-9]{0,6}")
_BYTES = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
# As archives write it: CC BY-NC 3.0, by-nc, CC_BY_NC, NonCommercial, non commercial use only.
NONCOMMERCIAL = re.compile(r"(?i)(?<![a-z])nc(?![a-z])|bync|non[\s_-]*commercial")
_TCIA_MARK = "ListOfSeriesToDownload="


@dataclass(frozen=True)
class ManifestSeries:
    """One series to fetch.

    Attributes:
        uid: SeriesInstanceUID.
        batch: Name of the batch, which is fetched by one job.
        images: Number of images; None when the list does not say.
        size_bytes: Approximate size in bytes; 0 when the list does not say.
        license: Short name of its license; empty when the list does not say.
        address: Address of the chosen version in IDC's bucket; may be empty.
        collection: TCIA collection; may be empty.
        doi: DOI of the collection; may be empty.
        patient: PatientID; may be empty.
        labels: Labels of DeepLesion that its anatomical site stands for; may be empty.
    """

    uid: str
    batch: str
    images: int | None
    size_bytes: int
    license: str
    address: str
    collection: str
    doi: str
    # Nothing that a fetch depends on, so not in the digest of a batch.
    patient: str = field(default="", repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)


def series_facts(path: str | Path | None) -> dict[str, ManifestSeries]:
    """Return what a manifest says of each series, by SeriesInstanceUID; nothing without one.

    Its batches are of no meaning here.
    """
    listed = read_manifest(path, batch_size=1, allow_noncommercial=True) if path else []
    return {item.uid: item for item in listed}


def read_manifest(
    path: str | Path, batch_size: int, allow_noncommercial: bool, leave_out: Sequence[str] = ()
) -> list[ManifestSeries]:
    """Read a manifest: `.csv`, `.csv.xz` or `.tcia`.

    A column `batch` is kept as it is; without one, series are batched in order. Leaving some out
    moves no other series to another batch.

    Args:
        path: File of the manifest.
        batch_size: Series per batch where the list has no column `batch`.
        allow_noncommercial: Whether series under a non-commercial license may be listed.
        leave_out: Collections that are passed over; `collection/start` means only those of its
            patients whose PatientID begins so.

    Raises:
        InputError: The file is unusable or lists no series, names a series twice, lacks a count
            that others have, holds non-commercial licenses that were not allowed, or does not tell
            which series are to be left out.
    """
    path = existing_file(path)
    if path.suffix == ".tcia":
        rows: list[dict[str, str]] = [{"SeriesInstanceUID": uid} for uid in _tcia_uids(path)]
    else:
        rows = _csv_rows(path)
    series = [_series(path, number, row, batch_size) for number, row in enumerate(rows)]
    if not series:
        raise InputError(f"tcia.manifest: {path} lists no series.")
    _check_listed(path, series)
    series = _without(path, series, leave_out)
    _check_licenses(path, series, allow_noncommercial)
    return series


def by_batch(series: Iterable[ManifestSeries]) -> dict[str, list[ManifestSeries]]:
    """Group series by batch, in the order of the list."""
    batches: dict[str, list[ManifestSeries]] = {}
    for item in series:
        batches.setdefault(item.batch, []).append(item)
    return batches


def batch_digest(series: Sequence[ManifestSeries]) -> str:
    """Return a digest of a batch's rows: an edit of one row reruns one batch."""
    return short_sha256(repr(list(series)))


def _tcia_uids(path: Path) -> list[str]:
    with parsing(f"tcia.manifest: {path}", "a .tcia file", "replace the file"):
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    if _TCIA_MARK not in text:
        raise InputError(
            f"tcia.manifest: {path} has no line {_TCIA_MARK!r}; it is not a .tcia file."
        )
    return [line.strip() for line in text.split(_TCIA_MARK, 1)[1].splitlines() if line.strip()]


def _csv_rows(path: Path) -> list[dict[str, str]]:
    with parsing(f"tcia.manifest: {path}", "a CSV file", "replace the file"):
        rows = csv_rows(_opened(path))
    for number, row in enumerate(rows):
        if None in row or None in row.values():
            raise InputError(
                f"tcia.manifest: {path}: row {number + 1} has fewer or more cells than the header."
            )
    if rows and "SeriesInstanceUID" not in rows[0]:
        raise InputError(f"tcia.manifest: {path} has no column 'SeriesInstanceUID'.")
    return rows


def _opened(path: Path) -> TextIO:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _series(path: Path, number: int, row: Mapping[str, str], batch_size: int) -> ManifestSeries:
    uid = (row.get("SeriesInstanceUID") or "").strip()
    count = (row.get("instanceCount") or "").strip()
    batch = row.get("batch") or f"batch{number // batch_size:04d}"
    size = row.get("bytes_approx") or "0"
    address = row.get("series_aws_url") or ""
    for what, cell, pattern in (
        ("series id", uid, _UID), ("count", count or "1", _COUNT), ("batch", batch, _BATCH),
        ("size", size, _BYTES), ("IDC address", address, _ADDRESS),
    ):  # fmt: skip
        if not pattern.fullmatch(cell):
            where = f"tcia.manifest: {path}: row {number + 1}"
            raise InputError(f"{where} has the {what} {_short(cell)}; fix or delete the row.")
    return ManifestSeries(
        uid=uid,
        batch=batch,
        images=int(count) if count else None,
        size_bytes=int(float(size)),
        license=row.get("license_short_name") or "",
        address=address,
        collection=row.get("collection_id") or "",
        doi=row.get("source_DOI") or "",
        patient=row.get("PatientID") or "",
        labels=tuple(filter(None, (row.get("labels") or "").split("|"))),
    )


def _short(cell: str) -> str:
    return (
        repr(cell) if len(cell) <= 70 else f"{cell[:60]!r} and {len(cell) - 60:,} characters more"
    )


def _without(
    path: Path, series: Sequence[ManifestSeries], leave_out: Sequence[str]
) -> list[ManifestSeries]:
    """Return the series that no entry of `leave_out` names."""
    kept = list(series)
    collections = {item.collection for item in series}
    for entry in leave_out:
        collection, _, start = entry.partition("/")
        if "" in collections:
            raise InputError(
                f"tcia.manifest: {path} has series without a collection_id, so tcia.leave_out "
                "cannot be followed; add the column, or set tcia.leave_out: []."
            )
        if collection not in collections:
            _check_known(collection)
        named = [item for item in series if item.collection == collection]
        if start and not all(item.patient for item in named):
            raise InputError(
                f"tcia.manifest: {path} has series of {collection} without a PatientID, so "
                f"{entry!r} of tcia.leave_out cannot be followed; add the column, or leave out "
                "the whole collection."
            )
        dropped = {item.uid for item in named if item.patient.startswith(start)}
        kept = [item for item in kept if item.uid not in dropped]
    if not kept:
        raise InputError(f"tcia.leave_out leaves no series of {path}; shorten it.")
    return kept


def _check_known(collection: str) -> None:
    """Refuse a misspelled collection: its series would be used in silence."""
    known = {row["collection_id"] for row in read_rows(ROOT / "config/attribution.csv")}
    if collection not in known:
        close = difflib.get_close_matches(collection, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "see config/attribution.csv."
        raise InputError(f"tcia.leave_out names the unknown collection {collection!r}; {hint}")


def _check_listed(path: Path, series: Sequence[ManifestSeries]) -> None:
    seen: set[str] = set()
    for item in series:
        if item.uid in seen:
            raise InputError(f"tcia.manifest: {path} lists series {item.uid} twice.")
        seen.add(item.uid)
    uncounted = [item.uid for item in series if item.images is None]
    if 0 < len(uncounted) < len(series):
        raise InputError(
            f"tcia.manifest: {path} gives no instanceCount for {len(uncounted)} series, "
            f"{uncounted[0]} among them; give it for all or for none."
        )


def _check_licenses(
    path: Path, series: Sequence[ManifestSeries], allow_noncommercial: bool
) -> None:
    restricted = [item for item in series if NONCOMMERCIAL.search(item.license)]
    if restricted and not allow_noncommercial:
        raise InputError(
            f"tcia.manifest: {len(restricted)} series of {path} are under non-commercial licenses, "
            f"those of {restricted[0].collection} among them; set tcia.allow_noncommercial: true "
            "if your use is non-commercial, or choose others (tcia.selection.noncommercial: false)."
        )
