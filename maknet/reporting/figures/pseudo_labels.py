"""The plot of the pseudo-labels of all rounds."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maknet.reporting.figures.style import COLORS, MARKERS, paper_style


@paper_style()
def draw_pseudo_labels(rounds: pd.DataFrame, by_label: pd.DataFrame, dataset: str) -> Figure:
    """Draw labels per image, unlabeled images, changes, and images per label.

    Args:
        rounds: Table that `summarize_rounds` returned.
        by_label: Table that `count_by_label` returned.
        dataset: Name of the data, for the title.
    """
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    panels = figure.subplot_mosaic([["mean", "share", "removed"], ["images"] * 3])
    number = rounds["round"]
    _line(panels["mean"], number, {"": rounds["labels_per_image"]}, "labels per image")
    _line(panels["share"], number, {
        "without a label": rounds["without_label"] / rounds["images"],
        "changed images": rounds["changed_images"],
        "changed labels": rounds["changed_labels"],
    }, "share")  # fmt: skip
    _line(panels["removed"], number, {"": rounds["removed_as_exclusive"] / rounds["images"]},
          "labels removed as exclusive\nper image")  # fmt: skip
    _by_label(panels["images"], by_label)
    images = int(rounds["images"].iloc[0])
    figure.suptitle(f"Pseudo-labels of {images:,} unlabeled images (data: {dataset})")
    return figure


def _line(axes: Axes, x: pd.Series, lines: dict[str, pd.Series], name: str) -> None:
    for place, (label, values) in enumerate(lines.items()):
        axes.plot(x, values, color=COLORS[place], marker=MARKERS[place], label=label or None)
    axes.set_xlabel("round")
    axes.set_ylabel(name)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(lines) > 1:
        axes.legend()


def _by_label(axes: Axes, by_label: pd.DataFrame) -> None:
    last = [name for name in by_label.columns if name.startswith("round")][-1]
    ordered = by_label.sort_values(last, ascending=False, kind="stable")
    for place, column in enumerate(dict.fromkeys(("round1", last))):
        title = f"round {column.removeprefix('round')}"
        axes.plot(range(len(ordered)), ordered[column], color=COLORS[place], label=title,
                  drawstyle="steps-mid")  # fmt: skip
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{len(ordered)} labels, most frequent in round {last[5:]} first")
    axes.set_ylabel("images")
    axes.legend()
