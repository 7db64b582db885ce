"""One file from an address or a folder: resumed, limited in time, and accepted by its digest."""

import hashlib
import logging
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.fetch.retries import RetryPolicy
from maknet.files import atomic_path, parsing, read_rows, writing

logger = logging.getLogger("maknet")
_BLOCK_BYTES = 1 << 20
_TRANSFER_BYTES = 1 << 16  # what a broken connection may cost
_DIGESTS = {
    name: re.compile(f"[0-9a-f]{{{digits}}}")
    for name, digits in (("md5", 32), ("sha256", 64), ("git", 40))
}
_PERMANENT = (400, 401, 403, 404, 410)


@dataclass(frozen=True)
class RemoteFile:
    """A file with a known digest.

    Attributes:
        name: File name.
        url: Published address.
        algorithm: `md5`, `sha256`, or `git`: the id that git gives the content.
        digest: Hexadecimal digest.
    """

    name: str
    url: str
    algorithm: str
    digest: str


def read_sources(path: str | Path) -> dict[str, RemoteFile]:
    """Read `config/deeplesion_files.csv`: file, url, algorithm, digest.

    Raises:
        InputError: A column is missing, or an algorithm or a digest is unknown.
    """
    files = {}
    for row in read_rows(path):
        with parsing(path, "a list of files with their digests", "replace the file"):
            file = _listed_file(row)
        files[file.name] = file
    return files


def _listed_file(row: Mapping[str, str]) -> RemoteFile:
    """Return one row of the list; an unknown digest is a `ValueError`."""
    file = RemoteFile(row["file"], row["url"], row["algorithm"], row["digest"])
    if not _DIGESTS[file.algorithm].fullmatch(file.digest):
        raise ValueError(f"{file.name} has the digest {file.digest[:80]!r}")
    return file


def file_digest(path: Path, algorithm: str) -> str:
    """Return the digest of a file by one of the algorithms of `RemoteFile`."""
    digest = hashlib.new("sha1" if algorithm == "git" else algorithm, usedforsecurity=False)
    if algorithm == "git":
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def download(
    file: RemoteFile,
    partial: Path,
    policy: RetryPolicy,
    timeout_s: float,
    source: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Return a verified copy of a file.

    Args:
        file: File to download, with its digest.
        partial: File that a download is written to; a stopped one is resumed.
        policy: Retries and pauses.
        timeout_s: Longest silence of the server in seconds.
        source: None for the published address, a folder that holds a copy, or the address of a
            mirror's folder.
        sleep: Waits for some seconds; a test passes its own.

    Returns:
        The path of the copy in the folder, or `partial` when it was downloaded.

    Raises:
        InputError: The copy is missing, the download failed, or the digest is another.
    """
    if source is not None and "://" not in source:
        return _verified(file, Path(source) / file.name, "replace the copy")
    if partial.is_file() and file_digest(partial, file.algorithm) == file.digest:
        return partial
    url = file.url if source is None else f"{source.rstrip('/')}/{file.name}"
    trouble = ""
    for pause in policy.pauses():
        if pause:
            sleep(pause)
        try:
            _transfer(url, partial, timeout_s)
            return _verified(file, partial, "look at the address")
        except _TransferError as error:
            trouble = str(error)
            logger.info("%s: %s", url, trouble)
            if error.permanent:
                break
        except InputError as error:
            trouble = str(error)
            partial.unlink()  # it can only be fetched anew
    raise InputError(
        f"{file.name} could not be fetched from {url} ({trouble}); get it by hand and name its "
        "folder in the configuration."
    )


def copy_atomic(copy: Path, target: Path) -> None:
    """Copy a verified file to its target, which is whole or absent."""
    with atomic_path(target) as temporary:
        shutil.copyfile(copy, temporary)


class _TransferError(Exception):
    def __init__(self, message: str, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


def _transfer(url: str, partial: Path, timeout_s: float) -> None:
    """Fetch what is still missing of a file."""
    import requests

    partial.parent.mkdir(parents=True, exist_ok=True)
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout_s) as answer:
            if answer.status_code == 416:  # nothing is missing
                return
            if answer.status_code >= 400:
                permanent = answer.status_code in _PERMANENT
                raise _TransferError(f"the server says {answer.status_code}", permanent)
            resumed = answer.status_code == 206
            with writing(partial), partial.open("ab" if resumed else "wb") as handle:
                for block in answer.iter_content(_TRANSFER_BYTES):
                    handle.write(block)
            _check_length(partial, answer.headers.get("Content-Length"), have if resumed else 0)
    except requests.RequestException as error:
        wrong = requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL
        permanent = isinstance(error, wrong)
        raise _TransferError(type(error).__name__, permanent) from error


def _check_length(partial: Path, promised: str | None, before: int) -> None:
    """Notice a connection that ended early; what arrived is kept for the next attempt."""
    if promised is not None and partial.stat().st_size < before + int(promised):
        raise _TransferError("the connection ended early")


def _verified(file: RemoteFile, path: Path, advice: str) -> Path:
    if not path.is_file():
        raise InputError(f"{path} is missing; put {file.name} there.")
    found = file_digest(path, file.algorithm)
    if found != file.digest:
        raise InputError(
            f"{path} is not the published {file.name}: its {file.algorithm} is {found}, not "
            f"{file.digest}; {advice}."
        )
    return path
