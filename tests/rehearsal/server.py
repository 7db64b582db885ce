"""The archives of the rehearsal on loopback: IDC's buckets, NBIA's service, DeepLesion's mirror."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from maknet.config.manifest import ManifestSeries
from tests.loopback.file_server import FileServer
from tests.loopback.nbia_server import NbiaServer
from tests.loopback.s3_server import S3Server
from tests.rehearsal.series import series_files

_KEPT_SERIES = 128  # four downloads of 20 series each, and those before them


class DrawnSeries:
    """Draws each series when it is first asked for, and keeps the last ones.

    Args:
        listed: All series of the manifest.
    """

    def __init__(self, listed: Sequence[ManifestSeries]) -> None:
        self._listed = {item.uid: item for item in listed}
        self._kept: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def files_of(self, uid: str) -> dict[str, bytes]:
        """Return the files of a series by name."""
        with self._lock:
            if uid not in self._kept:
                self._kept[uid] = series_files(self._listed[uid])
            self._kept.move_to_end(uid)
            while len(self._kept) > _KEPT_SERIES:
                self._kept.popitem(last=False)
            return self._kept[uid]


class DrawnBuckets(S3Server):
    """IDC's buckets: a folder of each series, drawn when it is listed.

    Args:
        listed: All series of the manifest.
    """

    def __init__(self, listed: Sequence[ManifestSeries]) -> None:
        self._uids = {item.address.removeprefix("s3://").strip("*/"): item.uid for item in listed}
        self._drawn = DrawnSeries(listed)
        super().__init__({})

    def content_of(self, name: str) -> bytes | None:
        """Return an object by "bucket/series/file"."""
        folder, _, file = name.rpartition("/")
        return self._drawn.files_of(self._uids[folder]).get(file) if folder in self._uids else None

    def under(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Return the objects of one series by key."""
        folder = prefix.strip("/")
        uid = self._uids.get(f"{bucket}/{folder}")
        files = self._drawn.files_of(uid) if uid else {}
        return {f"{folder}/{name}": content for name, content in files.items()}


class DrawnNbia(NbiaServer):
    """NBIA's service: a zip of each series.

    Args:
        listed: All series of the manifest.
    """

    def __init__(self, listed: Sequence[ManifestSeries]) -> None:
        super().__init__(DrawnSeries(listed).files_of)


class Mirror(FileServer):
    """The files of a folder.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        super().__init__({})

    def content_of(self, name: str) -> bytes | None:
        """Return a file."""
        path = self._folder / Path(name).name
        return path.read_bytes() if path.is_file() else None
