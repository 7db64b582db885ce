"""The labels over the rounds of the noisy student, as a heat map."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from maknet.reporting.figures.style import paper_style

LOW, HIGH = 0.5, 1.0  # an AUC below that of chance is shown as that of chance
_COLORS, _UNDEFINED = "cividis", "#dddddd"
_INCHES_A_LABEL, _INCHES_AROUND = 0.115, 2.0
_TITLES = {"text_mined": "text-mined test set", "hand_labeled": "hand-labeled set"}


@paper_style()
def draw_label_rounds(table: pd.DataFrame, rounds: Mapping[str, str], dataset: str) -> Figure:
    """Draw one row per label and one column per round: its AUC on both test sets.

    Labels that no round has an AUC of, on either set, are left out.

    Args:
        table: Table that `label_results` returned.
        rounds: Titles of the rounds by run, in order.
        dataset: Name of the data, for the title.
    """
    shown = table[table["run"].isin(list(rounds))]
    counts = shown.pivot_table("positives", "label", "test_set", "first").fillna(0).astype(int)
    defined = shown.groupby("label")["auc"].count() > 0
    order = counts["text_mined"].sort_values(ascending=False, kind="stable").index
    labels = [label for label in order if defined[label]]
    height = _INCHES_A_LABEL * len(labels) + _INCHES_AROUND
    figure = Figure(figsize=(7.2, height), layout="constrained")
    panels = figure.subplots(1, len(_TITLES), sharey=True)
    for axes, (name, title) in zip(panels, _TITLES.items(), strict=True):
        part = shown[shown["test_set"] == name].pivot_table("auc", "label", "run", dropna=False)
        values = part.reindex(index=labels, columns=list(rounds)).to_numpy(np.float64)
        image = _show(axes, values, list(rounds.values()))
        axes.set_title(title)
    names = [
        f"{label} ({', '.join(map(str, counts.loc[label, list(_TITLES)]))})" for label in labels
    ]
    panels[0].set_yticks(range(len(labels)), names, fontsize=5)
    bar = figure.colorbar(image, ax=panels, location="bottom", aspect=40, shrink=0.6)
    bar.set_label(f"AUC, at most {LOW:g} in the darkest color; gray: undefined")
    figure.suptitle(
        f"Labels over the rounds (data: {dataset})\nBehind each label: its images in the two sets"
    )
    return figure


def _show(axes: Axes, values: np.ndarray, columns: list[str]) -> AxesImage:
    colors = mpl.colormaps[_COLORS].with_extremes(bad=_UNDEFINED)
    image = axes.imshow(
        np.ma.masked_invalid(values), colors, aspect="auto", vmin=LOW, vmax=HIGH,
        interpolation="nearest",
    )  # fmt: skip
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=7)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return image
