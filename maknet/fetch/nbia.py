"""Series from NBIA, TCIA's own service, through tcia_utils (API v4).

tcia_utils raises nothing when something goes wrong: it logs, and returns. What it logs is read
here, its requests get a time limit, and the count and MD5 list come from the service itself.
"""

import csv
import logging
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from maknet.config.manifest import ManifestSeries
from maknet.fetch.verify import MD5, MD5_LIST, FetchError, SeriesListing
from maknet.files import full_disk_in

DEFAULT_URL = "https://services.cancerimagingarchive.net/nbia-api/services/v4/"
_MAX_IMAGE_BYTES = 64 << 20
_MAX_SERIES_BYTES = 8 << 30


class _Complaints(logging.Handler):
    """Keeps what a logger complains about."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


class _BoundedZip(zipfile.ZipFile):
    """A zip that is not extracted where it would fill the disk; its members keep to their size."""

    def extractall(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        """Extract all members.

        Raises:
            ValueError: They would take more than a series does.
        """
        sizes = [member.file_size for member in self.infolist()]
        if max(sizes, default=0) > _MAX_IMAGE_BYTES or sum(sizes) > _MAX_SERIES_BYTES:
            raise ValueError(f"the zip would unpack to {sum(sizes):,} bytes")
        super().extractall(*arguments, **options)


@dataclass(frozen=True)
class NbiaArchive:
    """NBIA, or a mirror of it.

    Attributes:
        url: Address of the services; None for TCIA's own.
        timeout_s: Longest silence of the server in seconds.
        name: Name of the route, for receipts.
    """

    url: str | None
    timeout_s: float
    name: str = "nbia"

    def fetch(
        self, series: Sequence[ManifestSeries], into: Path
    ) -> Iterator[tuple[str, SeriesListing | FetchError]]:
        """Download series one by one.

        Args:
            series: Series to download.
            into: Empty folder, which receives one folder per series, named by its UID.

        Yields:
            SeriesInstanceUID, and what the archive says of the series or what went wrong.
        """
        with self._configured() as (nbia, complaints):
            for item in series:
                complaints.messages.clear()
                try:
                    answer: SeriesListing | FetchError = self._fetch_one(
                        nbia, complaints, item.uid, into
                    )
                except FetchError as error:
                    answer = error
                yield item.uid, answer

    def address(self, item: ManifestSeries) -> str:
        """Return where the bytes of a series come from."""
        return f"{self._services()}getImageWithMD5Hash?SeriesInstanceUID={item.uid}"

    def _services(self) -> str:
        """Return the address to which names of services are appended."""
        return f"{(self.url or DEFAULT_URL).rstrip('/')}/"

    def _fetch_one(
        self,
        nbia: Any,  # noqa: ANN401 - a module without types
        complaints: _Complaints,
        uid: str,
        into: Path,
    ) -> SeriesListing:
        listed = nbia.getSeries(seriesUid=uid)
        _raise_logged(complaints, into)
        if not listed:
            raise FetchError("not_listed", "the archive lists no such series")
        try:
            images = int(listed[0]["ImageCount"])
        except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
            raise FetchError("transfer", "the archive's listing has no count of images") from error
        nbia.downloadSeries([uid], path=str(into), hash="y", input_type="list", max_workers=1)
        _raise_logged(complaints, into)
        return SeriesListing(images, _read_md5_list(into / uid / MD5_LIST))

    @contextmanager
    def _configured(self) -> Iterator[tuple[Any, _Complaints]]:
        """Yield tcia_utils.nbia with time limits, our address, and its complaints collected."""
        import requests
        from tcia_utils import nbia

        send = requests.Session.send

        def limited(session: requests.Session, request: Any, **options: Any) -> Any:  # noqa: ANN401
            options["timeout"] = options.get("timeout") or self.timeout_s
            return send(session, request, **options)

        complaints, logger = _Complaints(), logging.getLogger("tcia_utils.nbia")
        logger.addHandler(complaints)
        address = nbia.setApiUrl if self.url is None else (lambda *_, **__: self._services())
        try:
            with (
                mock.patch.object(requests.Session, "send", limited),
                mock.patch.object(nbia, "setApiUrl", address),
                mock.patch.object(nbia, "zipfile", SimpleNamespace(ZipFile=_BoundedZip)),
            ):
                yield nbia, complaints
        finally:
            logger.removeHandler(complaints)


def _raise_logged(complaints: _Complaints, into: Path) -> None:
    if not complaints.messages:
        return
    text = " ".join(complaints.messages[0].split())
    full = full_disk_in(text, into)
    if full is not None:
        raise full
    permanent = any(f" {code} " in f" {text} " for code in (400, 401, 403, 404))
    reason = "not_available" if permanent else "transfer"
    raise FetchError(reason, text[:200], permanent)


def _read_md5_list(path: Path) -> dict[str, str]:
    """Return MD5 by file name; the list is the last file of a whole answer.

    Raises:
        FetchError: The list is missing, or not every row of it is a name and a sum.
    """
    if not path.is_file():
        raise FetchError("incomplete", "the answer broke off: it has no list of MD5 sums")
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if row][1:]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FetchError("unverified", "the list of MD5 sums cannot be read") from error
    sums = {row[0]: row[1].strip().lower() for row in rows if len(row) == 2}
    if len(sums) < len(rows) or not all(map(MD5.fullmatch, sums.values())):
        raise FetchError("unverified", "a row of the list of MD5 sums is not a name and a sum")
    return sums
