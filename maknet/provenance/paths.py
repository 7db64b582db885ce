"""Paths as they are on every machine: in records they name no home directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.files import ROOT

CHECKOUT = "checkout:"


def to_portable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return paths, in any structure, as they are on every machine.

    Below the working directory they are relative to it; below a checkout elsewhere they begin with
    `checkout:`. Paths outside of both are the user's, and stay.
    """
    if isinstance(value, Mapping):
        return {to_portable(key): to_portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_portable(item) for item in value]
    if not isinstance(value, str | Path):
        return value
    text = str(value)
    for folder, prefix in ((Path.cwd(), ""), (ROOT, CHECKOUT)):
        if text.startswith(f"{folder}/"):
            return prefix + text[len(str(folder)) + 1 :]
    return text


def resolve(name: str) -> Path:
    """Return where a recorded path lies on this machine."""
    return ROOT / name[len(CHECKOUT) :] if name.startswith(CHECKOUT) else Path(name)
