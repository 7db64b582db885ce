"""Scans that were found twice, side by side, with what remains of their difference."""

from collections.abc import Sequence
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.reporting.figures.style import paper_style

_COLUMNS = 2  # pairs in a row


@paper_style()
def draw_duplicates(
    pairs: Sequence[dict[str, str]], pictures: NDArray[Any], dataset: str
) -> Figure:
    """Draw pairs of scans in one frame and their difference, in a soft-tissue window.

    Args:
        pairs: Rows of `duplicates.csv`.
        pictures: Pictures of the first of them, (P, 2, n, n), 0 to 1.
        dataset: Name of the data, for the title.
    """
    rows = max(1, -(-len(pictures) // _COLUMNS))
    figure = Figure(figsize=(12, 2.5 * rows + 0.7), layout="constrained")
    FigureCanvasAgg(figure)
    shown = f"{len(pictures)} of {len(pairs)} pairs" if len(pairs) else "no pair was found"
    figure.suptitle(f"Scans found twice ({dataset}): {shown}")
    axes: Any = figure.subplots(rows, 3 * _COLUMNS, squeeze=False)
    for axis in axes.ravel():
        axis.set_axis_off()
    for number, (row, (one, other)) in enumerate(zip(pairs, pictures, strict=False)):
        line, column = divmod(number, _COLUMNS)
        panels = axes[line, 3 * column : 3 * column + 3]
        for axis, side, picture in zip(panels, ("1", "2"), (one, other), strict=False):
            axis.imshow(picture, cmap="gray", vmin=0, vmax=1)
            axis.set_title(_title(row, side), fontsize=6)
        panels[2].imshow(one - other, cmap="RdBu", vmin=-0.5, vmax=0.5)
        panels[2].set_title(f"difference\n{row['verdict']}, {row['correlation']}", fontsize=6)
    return figure


def _title(row: dict[str, str], side: str) -> str:
    return f"{row[f'set_{side}']}, slice {row[f'slice_{side}']}\n...{row[f'series_{side}'][-16:]}"
