"""Predicted labels beside an image, marked by what is known of them.

A label that is annotated is true. One that is not, but excludes an annotated one, is surely false.
Of any other the annotation says nothing: reports name few of the labels that hold.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from maknet.reporting.figure_style import FALSE, TRUE, UNKNOWN

MARKS = {TRUE: "✓", FALSE: "✗", UNKNOWN: "·"}
LEGEND = f"{MARKS[TRUE]} annotated   {MARKS[FALSE]} excluded by an annotated label   " \
         f"{MARKS[UNKNOWN]} not annotated"  # fmt: skip


def label_colors(
    labels: NDArray[np.integer], positive: NDArray[np.bool_], exclusive: NDArray[np.bool_]
) -> list[str]:
    """Return the color of each predicted label.

    Args:
        labels: Predicted label numbers, (K,).
        positive: Annotated labels, (L,).
        exclusive: (L, L).
    """
    excluded = np.asarray(exclusive[:, positive].any(1))
    return [TRUE if positive[i] else FALSE if excluded[i] else UNKNOWN for i in labels]


def write_labels(
    axes: Axes, names: Sequence[str], confidence: Sequence[float], colors: Sequence[str],
    marks: Sequence[str], title: str,
) -> None:  # fmt: skip
    """List labels with their confidence in an empty panel, one a line."""
    axes.set_axis_off()
    axes.set_title(title, fontsize=7, loc="left")
    for line, (name, value, color, mark) in enumerate(
        zip(names, confidence, colors, marks, strict=True)
    ):
        y = 0.92 - 0.19 * line
        axes.text(0, y, f"{mark} {name}", color=color, fontsize=6.5, va="top",
                  transform=axes.transAxes)  # fmt: skip
        axes.text(1, y, f"{value:.2f}", color=color, fontsize=6.5, va="top", ha="right",
                  transform=axes.transAxes)  # fmt: skip
