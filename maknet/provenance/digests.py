"""SHA-256 of files and folders, each file read once for as long as it does not change.

A digest is kept beside the results with size, times and inode of its file, so that a job does not
read 99 GB of images to say which images it read; what a job writes block by block is hashed on the
way. The time of the last change of an inode (ctime) cannot be set back by a program.
"""

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import read_json, sha256, short_sha256, write_json
from maknet.provenance.receipts import receipt_of

FOLDER = "folder:"  # before the digest of a folder, so that no file has the same
LISTING = "listing:"  # before the digest of a folder's names and sizes, in place of its bytes
_FOLDER = "digests"
# What Snakemake, an unfinished write and NFS leave in a folder.
_OTHERS = re.compile(r"\.snakemake_timestamp|\..*\.tmp|\.nfs[0-9a-f]+")
_LARGE_BYTES = 1 << 26
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)  # for those who may only read a run
_written: dict[str, str] = {}


@contextmanager
def where_allowed() -> Iterator[None]:
    """Leave undone what may not be written: someone may read a run without owning it."""
    try:
        yield
    except OSError as error:
        if error.errno not in NOT_ALLOWED:
            raise


def remember_digest(path: str | Path, digest: str) -> None:
    """Remember the SHA-256 of a file that this process has just put in place."""
    _written[str(Path(path).absolute())] = digest


class DigestStore:
    """Digests by path.

    Args:
        results: Results folder, below which the digests are kept.
    """

    def __init__(self, results: str | Path) -> None:
        self._folder = Path(results) / _FOLDER

    def digest(self, path: str | Path) -> str:
        """Return the SHA-256 of a file, or of the names and digests of a folder's files.

        A folder of fetched series has a receipt that lists the MD5 sum of each file: there names
        and sizes are enough, and the digest says so (`LISTING`).
        """
        path = Path(path)
        if path.is_file():
            return self._file(path)
        if receipt_of(path) is not None:
            return listing_digest(path)
        return self._content(path)

    def combined(self, paths: Iterable[str | Path]) -> str:
        """Return one short digest of several files or folders."""
        text = "".join(f"{path}\0{self.digest(path)}\n" for path in paths)
        return short_sha256(text)

    def current(self, path: str | Path, recorded: str, *, deep: bool) -> str:
        """Return today's digest of a path, of the same kind as the recorded one.

        Args:
            path: File or folder that exists.
            recorded: Recorded digest, which decides the kind.
            deep: Whether to read every byte. Otherwise a large file, or a file of a folder, whose
                size, times and inode are those of its kept digest is not read again.
        """
        path = Path(path)
        if recorded.startswith(LISTING):
            return listing_digest(path)
        if path.is_file():
            large = path.stat().st_size >= _LARGE_BYTES
            return self._file(path) if large and not deep else sha256(path)
        return content_digest(path) if deep else self._content(path)

    def _kept_path(self, path: Path) -> Path:
        name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"

    def _file(self, path: Path) -> str:
        kept_path, mark = self._kept_path(path), stat_key(path)
        kept = _read(kept_path)
        if kept is not None and kept.get("mark") == mark:
            return str(kept["sha256"])
        value = _written.pop(str(path.absolute()), None) or sha256(path)
        _keep(kept_path, {"mark": mark, "sha256": value})
        return value

    def _content(self, folder: Path) -> str:
        kept_path = self._kept_path(folder)
        kept = (_read(kept_path) or {}).get("files", {})
        kept = kept if isinstance(kept, dict) else {}
        files: dict[str, Any] = {}
        for path in _files(folder):
            name, mark = str(path.relative_to(folder)), stat_key(path)
            known = kept.get(name)
            same = isinstance(known, dict) and known.get("mark") == mark and "sha256" in known
            files[name] = known if same else {"mark": mark, "sha256": sha256(path)}
        if files != kept or not kept_path.is_file():
            _keep(kept_path, {"files": files})
        return FOLDER + _joined((name, entry["sha256"]) for name, entry in files.items())


def digest(path: str | Path) -> str:
    """Return the digest of a file, or of a folder's content, with every byte read."""
    path = Path(path)
    return sha256(path) if path.is_file() else content_digest(path)


def content_digest(folder: Path) -> str:
    """Return one digest of the names and the content of a folder's files."""
    return FOLDER + _joined((str(p.relative_to(folder)), sha256(p)) for p in _files(folder))


def listing_digest(folder: Path) -> str:
    """Return one digest of the names and sizes of a folder's files."""
    return LISTING + _joined(
        (str(p.relative_to(folder)), str(p.stat().st_size)) for p in _files(folder)
    )


def _files(folder: Path) -> list[Path]:
    # os.walk, since links to folders of a user's series are followed.
    found = (
        Path(where) / n for where, _, names in os.walk(folder, followlinks=True) for n in names
    )
    # A link to nowhere has no content; its series is refused.
    return sorted(path for path in found if not _OTHERS.fullmatch(path.name) and path.is_file())


def _joined(entries: Iterable[tuple[str, str]]) -> str:
    text = "".join(f"{name}\0{value}\n" for name, value in entries)
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def stat_key(path: Path) -> list[int]:
    """Return size, times and inode of a file, which a changed one has otherwise."""
    now = path.stat()
    return [now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino]


def _keep(path: Path, entry: dict[str, Any]) -> None:
    """Keep a digest where that is allowed: an audit reads results of others, too."""
    with where_allowed():
        write_json(path, entry)


def _read(path: Path) -> dict[str, Any] | None:
    """Return a kept digest, None where there is none or it is damaged: it is made anew."""
    try:
        return dict(read_json(path)) if path.is_file() else None
    except (InputError, TypeError, ValueError):
        return None
