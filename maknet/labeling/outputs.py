"""A folder of outputs that is replaced as a whole, and nothing of the user's own with it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import writing


@dataclass(frozen=True)
class Mark:
    """A file by which a folder is known as ours.

    Attributes:
        file: Its name.
        first_line: What it begins with.
    """

    file: str
    first_line: str

    def holds(self, folder: Path) -> bool:
        """Return whether a folder is ours."""
        path = folder / self.file
        return path.is_file() and path.read_bytes().startswith(f"{self.first_line}\n".encode())


@contextmanager
def replaced_folder(target: Path, mark: Mark) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block succeeds.

    If the block fails, or is interrupted, an older `target` is left as it was.

    Args:
        target: Folder to write.
        mark: By which an older one is known.

    Raises:
        InputError: `target` holds something else, or cannot be written.
    """
    target = target.resolve()  # what a link leads to is replaced, not the link
    if Path.cwd().is_relative_to(target):
        raise InputError(f"{target} is the folder that you are in; name another for the outputs.")
    if target.exists() and not target.is_dir():
        raise InputError(f"{target} is a file; name a folder for the outputs.")
    if target.is_dir() and any(target.iterdir()) and not mark.holds(target):
        raise InputError(f"{target} holds other files; name a new folder for the outputs.")
    part, old = (target.with_name(f".{target.name}.{os.getpid()}.{n}") for n in ("part", "old"))
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name another.") from error
    try:
        with writing(target):
            yield part
            if target.is_dir():
                target.rename(old)  # removed when the new one is in its place
            part.replace(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if old.is_dir() and not target.exists():
            old.rename(target)
        shutil.rmtree(old, ignore_errors=True)
