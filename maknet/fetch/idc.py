"""Series from the Imaging Data Commons, where TCIA's public images live now, through s5cmd.

Not through `tcia_utils.idc`, which calls s5cmd as well but first reads an index of all of IDC, 3 GB
of memory and seconds in each batch, for addresses that the manifest has. The count, the sizes and
the MD5 sums come from the listing of the bucket, not from the tool's own report.
"""

import functools
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from maknet.config.manifest import ManifestSeries
from maknet.fetch.verify import MD5, FetchError, SeriesListing
from maknet.files import full_disk_in

DEFAULT_ENDPOINT = "https://s3.amazonaws.com"
_TIMEOUT = "timeout"


@dataclass(frozen=True)
class IdcArchive:
    """The public buckets of IDC, or a mirror of them.

    Attributes:
        endpoint: Address of the object store; None for IDC's own.
        timeout_s: Time limit of a listing in seconds; a download of n series gets 2 + n / 5 times
            as much.
        name: Name of the route, for receipts.
    """

    endpoint: str | None
    timeout_s: float
    name: str = "idc"

    def fetch(
        self, series: Sequence[ManifestSeries], into: Path
    ) -> Iterator[tuple[str, SeriesListing | FetchError]]:
        """Download series in one call.

        Args:
            series: Series to download.
            into: Empty folder, which receives one folder per series, named by its UID.

        Yields:
            SeriesInstanceUID, and what the archive says of the series or what went wrong.
        """
        results: dict[str, SeriesListing | FetchError] = {}
        for item in series:
            try:
                results[item.uid] = self._listing(item)
            except FetchError as fault:
                results[item.uid] = fault
        listed = [item for item in series if isinstance(results[item.uid], SeriesListing)]
        if listed:
            missing = self._download(listed, into)
            for item in listed:
                arrived = _count(into / item.uid)
                cut_off = missing.reason == _TIMEOUT and arrived < _images(results[item.uid])
                if not arrived or cut_off:
                    results[item.uid] = missing
        yield from results.items()

    def address(self, item: ManifestSeries) -> str:
        """Return where the bytes of a series come from."""
        return item.address if self.endpoint is None else f"{item.address} at {self.endpoint}"

    def _listing(self, item: ManifestSeries) -> SeriesListing:
        """Return names and MD5 of the objects of a series; an ETag of one part is the MD5."""
        if not item.address:
            raise FetchError("no_address", "the manifest gives no IDC address", permanent=True)
        command = [*self._s5cmd(), "--json", "ls", "--etag", item.address]
        try:
            done = subprocess.run(  # noqa: S603
                command, capture_output=True, text=True, timeout=self.timeout_s, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise FetchError(
                "transfer", f"listing the bucket took longer than {self.timeout_s:.0f} s"
            ) from error
        if done.returncode:
            text = " ".join(done.stderr.split())[:200]
            gone = "no object found" in text
            raise FetchError("not_available" if gone else "transfer", text, permanent=gone)
        try:
            entries = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
            sizes = {Path(entry["key"]).name: int(entry["size"]) for entry in entries}
            tags = {Path(e["key"]).name: str(e.get("etag", "")).strip('"') for e in entries}
        except (KeyError, TypeError, ValueError) as error:
            raise FetchError("transfer", "the bucket's listing cannot be read") from error
        # The ETag of an object that was uploaded in several parts is no MD5.
        md5 = {name: tag for name, tag in tags.items() if MD5.fullmatch(tag)}
        return SeriesListing(len(entries), md5, sizes)

    def _s5cmd(self) -> list[str]:
        endpoint = self.endpoint or DEFAULT_ENDPOINT
        return [_program(), "--no-sign-request", "--endpoint-url", endpoint]

    def _download(self, series: Sequence[ManifestSeries], into: Path) -> FetchError:
        """Download series in one call; return what to say of one that did not arrive."""
        commands = "".join(f"cp {shlex.quote(item.address)} {item.uid}/\n" for item in series)
        limit = self.timeout_s * (2 + len(series) / 5)
        try:  # it works in the folder that it fills
            done = subprocess.run(  # noqa: S603
                [*self._s5cmd(), "run"], input=commands, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, timeout=limit, cwd=into, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return FetchError(
                _TIMEOUT, f"the batch took longer than {limit:.0f} s; raise tcia.timeout_s"
            )
        full = full_disk_in(done.stderr, into)
        if full is not None:
            raise full
        if done.returncode:
            return FetchError("transfer", " ".join(done.stderr.split())[-200:])
        return FetchError("incomplete", "nothing of the series arrived")


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def _images(answer: SeriesListing | FetchError) -> int:
    return answer.images if isinstance(answer, SeriesListing) else 0


@functools.cache
def _program() -> str:
    """Return s5cmd itself: the command of that name in an environment starts a Python first."""
    try:
        files = distribution("s5cmd").files or []
    except PackageNotFoundError:
        files = []
    own = [str(file.locate()) for file in files if str(file).startswith("s5cmd/bin/s5cmd")]
    found = own[0] if own else shutil.which("s5cmd")
    if found is None:
        raise FetchError("transfer", "the program s5cmd is not installed", permanent=True)
    return found
