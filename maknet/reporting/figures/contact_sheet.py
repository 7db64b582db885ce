"""Pictures of a sample of the accepted and of the refused series, side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.data.arrays import load_arrays
from maknet.files import read_rows
from maknet.reporting.figures.style import paper_style
from maknet.seeding import generator

_COLUMNS = 8
Shown = tuple[dict[str, str], NDArray[Any]]


@paper_style()
def draw_contact_sheet(
    tables: Sequence[str | Path],
    thumbnails: Sequence[str | Path],
    dataset: str,
    per_status: int,
    seed: int,
) -> Figure:
    """Draw up to `per_status` accepted and as many refused series, chosen by the seed.

    Args:
        tables: Series tables of all batches.
        thumbnails: Thumbnail files of the same batches, in the same order.
        dataset: Name of the data, for the title.
        per_status: Largest number of accepted, and of refused, series.
        seed: Seed of the choice.
    """
    shown: list[Shown] = []
    for table, pictures in zip(tables, thumbnails, strict=True):
        thumbs = load_arrays(pictures, ["thumbnails"])["thumbnails"]
        shown += list(zip(read_rows(table), thumbs, strict=True))
    groups = [
        (status, _sample([s for s in shown if s[0]["status"] == status], per_status, seed))
        for status in ("accepted", "refused")
    ]
    heights = [max(1, -(-len(chosen) // _COLUMNS)) for _, chosen in groups]
    figure = Figure(figsize=(1.5 * _COLUMNS, 1.8 * sum(heights) + 0.8), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"Unlabeled series ({dataset}): a sample of the accepted and of the refused")
    parts: Any = figure.subfigures(len(groups), 1, height_ratios=heights)
    for part, height, (status, chosen) in zip(parts, heights, groups, strict=True):
        total = sum(row["status"] == status for row, _ in shown)
        part.suptitle(f"{status}: {len(chosen)} of {total}", fontsize=10)
        axes = np.atleast_1d(part.subplots(height, _COLUMNS)).ravel()
        for place, axis in enumerate(axes):
            axis.set_axis_off()
            if place < len(chosen):
                _show(axis, *chosen[place])
    return figure


def _sample(shown: Sequence[Shown], most: int, seed: int) -> list[Shown]:
    order = generator(seed, "contact sheet").permutation(len(shown))[:most]
    return [shown[i] for i in sorted(order)]


def _show(axis: Axes, row: dict[str, str], picture: NDArray[Any]) -> None:
    axis.imshow(picture, cmap="gray", vmin=0, vmax=255)
    caption = row["reason"] or f"{row['slices']} slices"
    axis.set_title(f"...{row['folder'][-10:]}\n{caption}", fontsize=6)
