"""Predicted labels beside an image, marked by what is known of them.

A label that is annotated is true. One that is not, but excludes an annotated one, is surely false.
Of any other the annotation says nothing: reports name few of the labels that hold. K predicted
labels of an image, L labels.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from maknet.reporting.figures.style import FALSE, TRUE, UNKNOWN

_LINES, _CHARACTERS = 6, 24  # that fit in a panel at full size
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
        exclusive: Whether two labels exclude each other, (L, L), symmetric.
    """
    excluded = np.asarray(exclusive[:, positive].any(1))
    return [TRUE if positive[i] else FALSE if excluded[i] else UNKNOWN for i in labels]


def write_labels(
    axes: Axes, names: Sequence[str], confidence: Sequence[float], colors: Sequence[str],
    marks: Sequence[str],
) -> None:  # fmt: skip
    """List labels with their confidence in an empty panel, one per line, as large as fits.

    Args:
        axes: Panel to write in.
        names: Names of the labels, (K,).
        confidence: Probabilities, (K,).
        colors: Text color of each label, (K,).
        marks: Character before each label, (K,).
    """
    axes.set_axis_off()
    for line, (name, value, color, mark) in enumerate(
        zip(names, confidence, colors, marks, strict=True)
    ):
        text = f"{mark} {value:.2f} {name}"
        size = 6.5 * min(1, _LINES / len(names), _CHARACTERS / len(text))
        y = 0.92 - line * min(0.19, 0.95 / len(names))
        axes.text(0, y, text, color=color, fontsize=size, va="top", transform=axes.transAxes)
