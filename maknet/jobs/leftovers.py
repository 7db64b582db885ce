"""Temporary files that killed jobs left beside the outputs of this one."""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

logger = logging.getLogger("maknet")
_OLD_S = 3600.0  # no file is written this long without a change, whatever clocks say


def remove_leftovers(targets: Iterable[str | Path]) -> None:
    """Remove what `atomic_path` left of killed jobs on any node, while the lock is held.

    A file that was changed within the last hour is left: where a file system has no locks, another
    job may still write it. `atomic_path` itself removes those of its own node at once.

    Args:
        targets: Files that this job alone writes.
    """
    for target in map(Path, targets):
        folder = target.parent
        for path in folder.iterdir() if folder.is_dir() else ():
            named = path.name.startswith(f".{target.name}.") and path.name.endswith(".tmp")
            if named and _is_old(path):
                path.unlink(missing_ok=True)
                logger.info("removed %s, which a killed job left", path)


def _is_old(path: Path) -> bool:
    try:
        return path.is_file() and time.time() - path.stat().st_mtime > _OLD_S
    except FileNotFoundError:  # its process has just finished it
        return False
