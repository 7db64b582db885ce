"""SHA-256 of files and folders, each file read once for as long as it does not change.

A digest is kept beside the results with the size and the time of change of its file, so that a job
does not read 99 GB of images to say which images it read. `maknet.audit` trusts no kept digest.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from maknet.errors import InputError
from maknet.files import read_json, sha256, write_json

_FOLDER = "digests"


class DigestStore:
    """Digests by path.

    Args:
        results: The results folder, below which they are kept.
    """

    def __init__(self, results: str | Path) -> None:
        self._folder = Path(results) / _FOLDER

    def digest(self, path: str | Path) -> str:
        """Return the SHA-256 of a file, or of a folder's list of names and sizes."""
        path = Path(path)
        return self._file(path) if path.is_file() else digest(path)

    def joint(self, paths: Iterable[str | Path]) -> str:
        """Return one short digest of several files or folders."""
        text = "".join(f"{path}\0{self.digest(path)}\n" for path in paths)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _file(self, path: Path) -> str:
        now = path.stat()
        mark = {"size": now.st_size, "mtime_ns": now.st_mtime_ns, "inode": now.st_ino}
        name = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:32]
        kept_path = self._folder / f"{name}.json"
        kept = _read(kept_path)
        if kept is not None and all(kept.get(key) == value for key, value in mark.items()):
            return str(kept["sha256"])
        value = sha256(path)
        write_json(kept_path, {**mark, "sha256": value})
        return value


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, or of a folder's list of names and sizes."""
    path = Path(path)
    if path.is_file():
        return sha256(path)
    listing = "".join(
        f"{p.relative_to(path)}\0{p.stat().st_size}\n"
        for p in sorted(path.rglob("*"))
        if p.is_file() and not p.name.startswith(".")
    )
    return hashlib.sha256(listing.encode()).hexdigest()


def _read(path: Path) -> dict[str, object] | None:
    """Return a kept digest, None where there is none or it is damaged: it is made anew."""
    try:
        return dict(read_json(path)) if path.is_file() else None
    except (InputError, TypeError, ValueError):
        return None
