"""Progress bars with rate and time left, in a terminal and in a log file."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
_TERMINAL_S, _LOG_S = 0.5, 30.0


def progress(title: str, total: int, unit: str, done: int = 0) -> "tqdm[Any]":
    """Return a bar on stderr that is updated by hand; in a log it says a line now and then.

    Args:
        title: What is being done.
        total: How much there is of it.
        unit: One of them, as in "image".
        done: How much was done before.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        desc=title, total=total, initial=done, unit=f" {unit}", dynamic_ncols=terminal,
        mininterval=_TERMINAL_S if terminal else _LOG_S, leave=not terminal,
    )  # fmt: skip


def tracked(items: Sequence[Item], title: str, unit: str) -> Iterator[Item]:
    """Yield the items and show how many are done."""
    with progress(title, len(items), unit) as bar:
        for item in items:
            yield item
            bar.update()
