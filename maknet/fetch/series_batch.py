"""Fetches a batch of series, verifies it, and only then moves it into place.

What was verified survives a stop: it waits beside the output, under the name of the batch, and the
next run checks it again before it counts (`maknet.fetch.kept`). Everything else is thrown away.
"""

import logging
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from maknet.config.manifest import ManifestSeries
from maknet.errors import InputError
from maknet.fetch.kept import KeptSeries, keep, kept_before
from maknet.fetch.retries import RetryPolicy
from maknet.fetch.verify import FetchError, SeriesListing, verify_series
from maknet.files import write_rows
from maknet.progress import progress

logger = logging.getLogger("maknet")
RECEIPT_COLUMNS = (
    "series_uid", "file", "bytes", "md5", "route", "collection", "license", "doi", "address",
)  # fmt: skip
REFUSED_COLUMNS = ("series_uid", "reason", "detail")


class Archive(Protocol):
    """Source of series: `maknet.fetch.idc.IdcArchive` or `maknet.fetch.nbia.NbiaArchive`."""

    @property
    def name(self) -> str:
        """Name of the route, for receipts."""

    def address(self, item: ManifestSeries) -> str:
        """Return where the bytes of a series come from, for receipts."""

    def fetch(
        self, series: Sequence[ManifestSeries], into: Path
    ) -> Iterator[tuple[str, SeriesListing | FetchError]]:
        """Download into folders named by UID; yield each UID with its listing or what failed."""


def fetch_batch(
    series: Sequence[ManifestSeries],
    archive: Archive,
    policy: RetryPolicy,
    max_failed: int,
    partial: Path,
    target: Path,
    receipt: Path,
    refused: Path,
    sleep: Callable[[float], None] = time.sleep,
    incoming: Path | None = None,
) -> None:
    """Fetch a batch.

    Args:
        series: Series to fetch.
        archive: Archive to fetch them from.
        policy: Retries and pauses.
        max_failed: Largest number of series that may fail.
        partial: Folder that keeps verified series from run to run; removed when the batch is whole.
        target: Folder to make, one subfolder per series.
        receipt: CSV to write, one row per file, columns `RECEIPT_COLUMNS`.
        refused: CSV to write, one row per series that failed, columns `REFUSED_COLUMNS`.
        sleep: Waits for some seconds; a test passes its own.
        incoming: Folder on the node's own disk for downloads that are not verified yet; None for a
            folder in `partial`.

    Raises:
        InputError: More than `max_failed` series failed.
    """
    partial.mkdir(parents=True, exist_ok=True)
    incoming = incoming or partial / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    kept = {item.uid: found for item in series if (found := kept_before(partial, item))}
    faults: dict[str, FetchError] = {}
    for pause in policy.pauses():
        waiting = [s for s in series if s.uid not in kept and not _is_final(faults.get(s.uid))]
        if not waiting:
            break
        if pause:
            sleep(pause)
        faults |= _attempt(waiting, archive, incoming, partial, kept)
    failed = {uid: fault for uid, fault in faults.items() if uid not in kept}
    rows = [{"series_uid": u, "reason": f.reason, "detail": str(f)} for u, f in failed.items()]
    write_rows(partial / "refused.csv", REFUSED_COLUMNS, rows)
    if len(failed) > max_failed:
        uid, fault = next(iter(failed.items()))
        raise InputError(
            f"{len(failed)} of {len(series)} series could not be fetched, more than "
            f"tcia.max_failed = {max_failed}: {uid}: {fault} ({fault.reason}); all are "
            f"listed in {partial / 'refused.csv'}, and {len(kept)} are kept for the next run."
        )
    write_rows(refused, REFUSED_COLUMNS, rows)
    _finish(series, kept, partial, target, receipt)
    shutil.rmtree(partial)


def _attempt(
    waiting: Sequence[ManifestSeries],
    archive: Archive,
    incoming: Path,
    partial: Path,
    kept: dict[str, KeptSeries],
) -> dict[str, FetchError]:
    """Ask once for all that is waiting; return what went wrong and extend `kept`."""
    faults: dict[str, FetchError] = {}
    done = progress("fetching", len(waiting), "series")
    with _temporary_folder(incoming):
        for uid, answer in archive.fetch(waiting, incoming):
            item = next(s for s in waiting if s.uid == uid)
            try:
                if isinstance(answer, FetchError):
                    raise answer
                _check_drift(item, answer)
                files = verify_series(incoming / uid, uid, answer)
                verified = KeptSeries(archive.name, archive.address(item), item.address, files)
                keep(incoming / uid, partial, verified)
                kept[uid] = verified
            except FetchError as fault:
                logger.info("%s: %s (%s)", uid, fault, fault.reason)
                faults[uid] = fault
            done.update()
    done.close()
    return faults


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    """Make a folder, and remove it with all that is in it, whatever happens."""
    folder.mkdir()
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_drift(item: ManifestSeries, answer: SeriesListing) -> None:
    if item.images is not None and answer.images != item.images:
        raise FetchError(
            "archive_changed",
            f"the archive has {answer.images} images, the manifest says {item.images}",
            permanent=True,
        )


def _is_final(fault: FetchError | None) -> bool:
    return fault is not None and fault.permanent


def _finish(
    series: Sequence[ManifestSeries],
    kept: dict[str, KeptSeries],
    partial: Path,
    target: Path,
    receipt: Path,
) -> None:
    """Write the receipt, then move the series: what can fail comes before what is moved."""
    rows = []
    for item in series:
        if item.uid not in kept:
            continue
        found = kept[item.uid]
        source = {"route": found.route, "collection": item.collection, "license": item.license,
                  "doi": item.doi, "address": found.address}  # fmt: skip
        rows += [{"series_uid": item.uid, **asdict(f), **source} for f in found.files]
    write_rows(receipt, RECEIPT_COLUMNS, rows)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for item in series:
        if item.uid in kept:
            (partial / item.uid).rename(target / item.uid)
