"""Work on a node's own disk, where the site has one: many small files are slow on a shared one."""

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maknet.errors import InputError
from maknet.files import full_disk_in, writing

logger = logging.getLogger("maknet")


@contextmanager
def scratch_folder(setting: str | None) -> Iterator[Path | None]:
    """Yield a new folder on the node's own disk, gone afterwards; None where there is no such disk.

    Args:
        setting: Path whose `$VARIABLES` are expanded on the node; None or empty for no such disk.

    Raises:
        InputError: The folder does not exist on this node.
    """
    if not setting:
        yield None
        return
    root = Path(os.path.expandvars(setting))
    if not root.is_dir():
        raise InputError(
            f"The scratch folder {setting} is {root} on this node and does not exist; fix "
            "`scratch` in workflow/profiles/slurm/site.yaml, or leave it empty."
        )
    with tempfile.TemporaryDirectory(prefix="maknet-", dir=root) as folder:
        logger.info("working in %s", folder)
        yield Path(folder)


def staged(folder: Path, scratch: Path | None) -> Path:
    """Return a copy of a folder on the node's own disk, or the folder itself without one."""
    if scratch is None:
        return folder
    copy = scratch / folder.name
    try:
        with writing(copy):
            return Path(shutil.copytree(folder, copy))
    except shutil.Error as error:  # a list of (from, to, words)
        raise full_disk_in(str(error), copy) or error from None
