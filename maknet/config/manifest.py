"""The list of TCIA series to fetch, read while the workflow is parsed.

The shipped manifest makes the jobs of the full-size run known without network. A CSV with a column
`SeriesInstanceUID`, or a `.tcia` file of the NBIA Data Retriever, may take its place. Only the
standard library is used, since every cluster job reads it again.
"""

import csv
import lzma
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import existing_file, short_sha256

_UID = re.compile(r"\d+(\.\d+)+")
_BATCH = re.compile(r"[\w-]+")
_NUMBER = re.compile(r"\d+(\.\d+)?")
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
    """

    uid: str
    batch: str
    images: int | None
    size_bytes: int
    license: str
    address: str
    collection: str
    doi: str


def read_manifest(
    path: str | Path, batch_size: int, allow_noncommercial: bool
) -> list[ManifestSeries]:
    """Read a manifest: `.csv`, `.csv.xz` or `.tcia`.

    A column `batch` is kept as it is; without one, series are batched in order.

    Args:
        path: File of the manifest.
        batch_size: Series per batch where the list has no column `batch`.
        allow_noncommercial: Whether series under a non-commercial license may be listed.

    Raises:
        InputError: The file is unusable or lists no series, names a series twice, lacks a count
            that others have, or holds non-commercial licenses that were not allowed.
    """
    path = existing_file(path)
    if path.suffix == ".tcia":
        rows: list[dict[str, str]] = [{"SeriesInstanceUID": uid} for uid in _tcia_uids(path)]
    else:
        rows = _csv_rows(path)
    series = [_series(path, number, row, batch_size) for number, row in enumerate(rows)]
    if not series:
        raise InputError(f"tcia.manifest: {path} lists no series.")
    _check(path, series, allow_noncommercial)
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
    text = path.read_text(encoding="utf-8", errors="replace")
    if _TCIA_MARK not in text:
        raise InputError(f"tcia.manifest: {path} has no line {_TCIA_MARK!r}; it is no .tcia file.")
    return [line.strip() for line in text.split(_TCIA_MARK, 1)[1].splitlines() if line.strip()]


def _csv_rows(path: Path) -> list[dict[str, str]]:
    try:
        with _opened(path) as handle:
            rows = list(csv.DictReader(handle))
    except (lzma.LZMAError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"tcia.manifest: {path} cannot be read ({error}).") from error
    if rows and "SeriesInstanceUID" not in rows[0]:
        raise InputError(f"tcia.manifest: {path} has no column 'SeriesInstanceUID'.")
    return rows


def _opened(path: Path):  # type: ignore[no-untyped-def] # noqa: ANN202 - a text file of either kind
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _series(path: Path, number: int, row: Mapping[str, str], batch_size: int) -> ManifestSeries:
    uid = (row.get("SeriesInstanceUID") or "").strip()
    if not _UID.fullmatch(uid):
        raise InputError(f"tcia.manifest: {path}: row {number + 1} has the series id {uid!r}.")
    count = (row.get("instanceCount") or "").strip()
    if count and not count.isdigit():
        raise InputError(f"tcia.manifest: {path}: series {uid} has the count {count!r}.")
    batch = row.get("batch") or f"batch{number // batch_size:04d}"
    if not _BATCH.fullmatch(batch):
        raise InputError(f"tcia.manifest: {path}: series {uid} has the batch {batch!r}.")
    size = row.get("bytes_approx") or "0"
    if not _NUMBER.fullmatch(size):
        raise InputError(f"tcia.manifest: {path}: series {uid} has the size {size!r}.")
    return ManifestSeries(
        uid=uid,
        batch=batch,
        images=int(count) if count else None,
        size_bytes=int(float(size)),
        license=row.get("license_short_name") or "",
        address=row.get("series_aws_url") or "",
        collection=row.get("collection_id") or "",
        doi=row.get("source_DOI") or "",
    )


def _check(path: Path, series: Sequence[ManifestSeries], allow_noncommercial: bool) -> None:
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
    restricted = [item for item in series if "NC" in item.license]
    if restricted and not allow_noncommercial:
        raise InputError(
            f"tcia.manifest: {len(restricted)} series of {path} are under non-commercial licenses, "
            f"those of {restricted[0].collection} among them; set tcia.allow_noncommercial: true "
            "if your use is non-commercial, or choose others (tcia.selection.noncommercial: false)."
        )
