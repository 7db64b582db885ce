"""The sums of a released folder: a byte that changed, a file too many or too few is refused."""

import re
from pathlib import Path

from maknet.errors import InputError
from maknet.files import existing_file, sha256, write_text

SUMS = "SHA256SUMS"
_LINE = re.compile(rb"([0-9a-f]{64})  ([!-~][ -~]*)")
_ADVICE = "fetch the release anew, or make it anew with the workflow"


def write_sums(folder: Path) -> None:
    """Write `SHA256SUMS` of every file of a folder, in the form that `sha256sum --check` reads."""
    write_text(folder / ".gitattributes", "* -text\n")  # git must not change line ends
    lines = [f"{sha256(folder / name)}  {name}\n" for name in _files(folder)]
    write_text(folder / SUMS, "".join(lines))


def require_intact(folder: Path) -> None:
    """Compare a released folder with its sums.

    Raises:
        InputError: A file is missing, changed, or not listed, or there are no sums.
    """
    listed = _listed(existing_file(folder / SUMS))
    for name in sorted(listed.keys() ^ set(_files(folder))):
        what = "is missing from" if name in listed else "does not belong to"
        raise InputError(f"{name} {what} the release in {folder}; {_ADVICE}.")
    for name, digest in listed.items():
        if sha256(folder / name) != digest:
            raise InputError(f"{folder / name} is not what was released; {_ADVICE}.")


def _listed(sums: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    *lines, rest = sums.read_bytes().split(b"\n")
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or match[2].decode() in found or rest:
            ends = " (its line ends were changed, perhaps by git's autocrlf)" * (b"\r" in line)
            raise InputError(f"{sums} is damaged{ends}; {_ADVICE}.")
        found[match[2].decode()] = match[1].decode()
    if rest or not found:
        raise InputError(f"{sums} is damaged; {_ADVICE}.")
    return found


def _files(folder: Path) -> list[str]:
    """Return the files below a folder but its sums; hidden ones and caches are not released."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        path.as_posix() for path in paths
        if path.as_posix() != SUMS and not _is_left_over(path)
    )  # fmt: skip


def _is_left_over(path: Path) -> bool:
    """Return whether using a release has made a file: Python's caches, a hub's, a system's."""
    return any(part.startswith((".", "__pycache__")) for part in path.parts)
