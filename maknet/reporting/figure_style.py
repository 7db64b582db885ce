"""How all plots look: readable in print and by color-blind readers, the same bytes every time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from maknet.files import atomic_path

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same on every machine
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "maknet",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of all plots within the block."""
    with mpl.rc_context(_STYLE):
        yield


def save_figure(figure: Figure, path: str | Path, dpi: int = 200) -> None:
    """Write a PNG or PDF atomically and without a date."""
    kind = Path(path).suffix.removeprefix(".")
    metadata = {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None}
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format=kind, dpi=dpi, metadata=metadata)
