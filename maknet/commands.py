"""Which programs the head process finds first. Imported while the workflow is parsed."""

import os
from pathlib import Path


def prefer_commands(folder: str | Path) -> None:
    """Let programs of a folder stand before others of the same name, for this process alone."""
    if str(folder) not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
