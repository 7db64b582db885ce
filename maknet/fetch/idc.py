"""Series from the Imaging Data Commons, where TCIA's public images live now, through tcia_utils.

The download runs in a child process, so that a stalled server ends at a time limit. The count, the
sizes and the MD5 sums come from the listing of the bucket, not from the tool's own report.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from maknet.config.manifest import ManifestSeries
from maknet.fetch.verify import MD5, FetchError, SeriesListing
from maknet.files import ROOT, full_disk_in

_CHILD = ROOT / "maknet/fetch/idc_download.py"
DEFAULT_ENDPOINT = "https://s3.amazonaws.com"


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
        listed = [uid for uid, result in results.items() if isinstance(result, SeriesListing)]
        if listed:
            missing = self._download(listed, into)
            results |= {uid: missing for uid in listed if not (into / uid).is_dir()}
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
            raise FetchError("transfer", "listing the bucket took too long") from error
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
        binary = shutil.which("s5cmd") or str(Path(sys.executable).parent / "s5cmd")
        endpoint = self.endpoint or DEFAULT_ENDPOINT
        return [binary, "--no-sign-request", "--endpoint-url", endpoint]

    def _download(self, uids: Sequence[str], into: Path) -> FetchError:
        """Run the child; return what to say of a series of which nothing arrived."""
        # Absolute paths: the child works in the folder it fills, so that nothing it drops stays.
        into = into.absolute()
        command = [sys.executable, "-P", str(_CHILD), str(into)]
        request = json.dumps({"uids": list(uids), "endpoint": self.endpoint})
        limit = self.timeout_s * (2 + len(uids) / 5)
        # A session of its own: at the time limit the s5cmd below the child has to end as well.
        child = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, start_new_session=True, cwd=into,
        )  # fmt: skip
        try:
            _, complaints = child.communicate(request, timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return FetchError("transfer", f"the download took longer than {limit:.0f} s")
        full = full_disk_in(complaints, into)
        if full is not None:
            raise full
        if child.returncode:
            return FetchError("transfer", " ".join(complaints.split())[-200:])
        return FetchError("incomplete", "nothing of the series arrived")
