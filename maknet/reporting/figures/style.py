"""The style of all plots: readable in print and by color-blind readers, the same bytes each time.

Coordinates are those of the axes' data.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from maknet.files import atomic_path

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
"""Okabe and Ito's palette."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
TRUE, FALSE, UNKNOWN = "#007a59", "#b34700", "#000000"  # told apart by marks as well

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib: the same on every machine
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # embedded as text, not as outlines
    "svg.hashsalt": "maknet",
}


@contextmanager
def paper_style() -> Iterator[None]:
    """Draw in the style of all plots within the block, or within the function that it decorates."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc would change the bytes
        mpl.rcParams.update(_STYLE)
        yield


def save_figure(figure: Figure, paths: Sequence[str | Path], dpi: int = 200) -> None:
    """Write PNG and PDF files atomically and without a date.

    Args:
        figure: Figure to save.
        paths: Files to write, each of the type that its suffix names.
        dpi: Resolution in dots per inch.
    """
    dateless = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None}}
    for path in paths:
        kind = Path(path).suffix.removeprefix(".")
        with paper_style(), atomic_path(path) as temporary:
            figure.savefig(temporary, format=kind, dpi=dpi, metadata=dateless[kind])


def box(axes: Axes, x: float, y: float, width: float, height: float, text: str, color: str) -> None:
    """Draw a rounded box with text in its middle.

    Args:
        axes: Panel to draw in.
        x: Left edge.
        y: Lower edge.
        width: Width of the box.
        height: Height of the box.
        text: Text in the middle.
        color: Hexadecimal color of the edge, and of the paler face.
    """
    shape = FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.06", facecolor=f"{color}22",
        edgecolor=color, linewidth=1,
    )  # fmt: skip
    axes.add_patch(shape)
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=7)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow from the point `start` (x, y) to the point `end`."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "#444444", "lw": 1})
