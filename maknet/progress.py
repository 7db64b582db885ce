"""What a command shows: progress bars, in a terminal and in a log file, and what it found."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
_TERMINAL_S, _LOG_S = 0.5, 30.0


def progress(title: str, total: int, unit: str, done: int = 0) -> "tqdm[Any]":
    """Return a progress bar on stderr that is updated by hand; in a log, a line every 30 seconds.

    Args:
        title: Text before the bar.
        total: Number of items.
        unit: Name of one item, such as "image".
        done: Number of items that were done before.
    """
    terminal = sys.stderr.isatty()
    return tqdm(
        desc=title, total=total, initial=done, unit=f" {unit}", dynamic_ncols=terminal,
        mininterval=_TERMINAL_S if terminal else _LOG_S, leave=not terminal,
    )  # fmt: skip


def tracked(items: Sequence[Item], title: str, unit: str) -> Iterator[Item]:
    """Yield the items and show how many are done, as `progress` does."""
    with progress(title, len(items), unit) as bar:
        for item in items:
            yield item
            bar.update()


def print_result(text: str) -> None:
    """Print a command's result; a reader that has gone, such as `head`, is no error."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would fail once more at the interpreter's end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
