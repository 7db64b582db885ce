"""The folders of the user's CT series, below one root.

Links are followed wherever they lead, except back to where they came from. What would be lost on
the way, such as a broken link or an unreadable folder, is an error rather than an omission.
Imported while the workflow is parsed, so nothing heavy is imported here.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from maknet.errors import InputError
from maknet.files import is_utf8

# What systems and archives write beside images; folders that hold nothing else hold no series.
_NO_IMAGES = {".ds_store", "thumbs.db", "desktop.ini", "dicomdir"}

_WILDCARDS = set("{}<>")


def series_folders(root: Path) -> list[str]:
    """Return the paths below `root` of all folders that hold files, in order.

    Raises:
        InputError: There is none, or something below the root cannot be read or named.
    """
    found = sorted(_below(root, root, (os.path.realpath(root),)))
    if not found:
        raise InputError(
            f"unlabeled.folder: {root} holds no folder with files; it must hold one folder for "
            "each CT series."
        )
    return found


def _below(root: Path, folder: Path, way: tuple[str, ...]) -> Iterator[str]:
    """Yield the folders with files at and below a folder; `way` leads to it, without links."""
    files, folders = _listed(folder)
    if folder == root:
        _require_no_image(root, files)
    elif any(name.lower() not in _NO_IMAGES and not name.startswith("._") for name in files):
        yield str(folder.relative_to(root))
    for name in folders:
        below = folder / name
        real = os.path.realpath(below)
        if real not in way:
            yield from _below(root, below, (*way, real))


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of the files and of the folders in a folder, in order."""
    files, folders = [], []
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(
            f"unlabeled.folder: {folder} cannot be read ({error.strerror}); ask its owner, or move "
            "it elsewhere."
        ) from error
    for entry in entries:
        if entry.is_dir():
            _require_a_name(entry.path, entry.name)
            folders.append(entry.name)
        else:
            files.append(entry.name)
    return files, folders


def _require_a_name(path: str, name: str) -> None:
    if not is_utf8(name):
        raise InputError(
            f"unlabeled.folder: the folder {os.fsencode(path)!r} has a name that is not UTF-8; "
            "rename it."
        )
    if _WILDCARDS.intersection(name):
        raise InputError(
            f"unlabeled.folder: the folder {path} has braces or < > in its name, which Snakemake "
            "takes for wildcards; rename it."
        )


def _require_no_image(root: Path, files: list[str]) -> None:
    """Refuse what lies beside the folders of the series and would be left out."""
    for name in files:
        path = root / name
        if path.is_symlink() and not path.exists():
            raise InputError(f"unlabeled.folder: {path} is a broken link; fix it or remove it.")
        if name.lower().endswith(".dcm") and not name.startswith("._"):
            raise InputError(
                f"unlabeled.folder: {path} is not in a folder of its own; {root} must hold one "
                "folder for each CT series."
            )
