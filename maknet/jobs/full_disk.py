"""The sentence for a full disk: which file, and which setting moves it elsewhere."""

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

Folders = Mapping[str, str]  # what moves a folder -> the folder


def folders_by_setting(paths: Mapping[str, str], scratch: str | None) -> dict[str, str]:
    """Return the folders that a job writes to, by what moves them.

    Args:
        paths: The configuration's section `paths`.
        scratch: Setting of the node's own disk, with its `$VARIABLES`.
    """
    found = {f"the configuration key 'paths.{key}'": folder for key, folder in paths.items()}
    if scratch:
        setting = "`scratch` in workflow/profiles/slurm/site.yaml"
        found[setting] = os.path.expandvars(scratch)
    return found


def full_disk_sentence(error: OSError, folders: Folders) -> str:
    """Return the sentence that reports a full disk.

    Args:
        error: Error with the number ENOSPC or EDQUOT, and the file's name where it is known.
        folders: Folders by what moves them.
    """
    what = "Your quota is used up" if error.errno == errno.EDQUOT else "The disk is full"
    file = error.filename2 or error.filename  # `filename2` is where a copy writes
    if file is None:
        named = ", ".join(f"{folder} ({setting})" for setting, folder in folders.items())
        return f"{what}; free space in one of these folders, or move it: {named or Path.cwd()}."
    setting = _mover(str(file), folders)
    advice = f" or set {setting} to a folder on another disk" if setting else " there"
    return f"{what} while writing {file}; free space{advice}."


def _mover(file: str, folders: Folders) -> str | None:
    """Return what moves a file: the setting of the innermost folder that holds it."""
    known = {**folders, "the environment variable TMPDIR": tempfile.gettempdir()}
    path = Path(os.path.realpath(file))
    holding = {
        setting: len(real.parts)
        for setting, real in ((s, Path(os.path.realpath(f))) for s, f in known.items())
        if path.is_relative_to(real)
    }
    return max(holding, key=lambda setting: holding[setting], default=None)
