"""The plot of the factors: one point a cell, with its interval."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maknet.reporting.figures.style import COLORS, MARKERS, paper_style

_SETS = {"text_mined": "text-mined test set", "hand_labeled": "hand-labeled test set"}
_MEASURES = {"auc_frequent": "AUC, frequent labels", "f1": "F1 score, all labels"}
_LABELS = ("none", "shuffled", "real")


@paper_style()
def draw_factors(table: pd.DataFrame, dataset: str) -> Figure:
    """Draw AUC and F1 of every cell by pseudo-labels, with and without noise.

    Args:
        table: `factors.csv`.
        dataset: Name of the data, for the title.
    """
    figure = Figure(figsize=(7.2, 5.2), layout="constrained")
    panels = figure.subplots(len(_MEASURES), len(_SETS), sharex=True, squeeze=False)
    for row, (measure, name) in enumerate(_MEASURES.items()):
        for column, (test_set, title) in enumerate(_SETS.items()):
            axes = panels[row, column]
            _panel(axes, table, f"{test_set}_{measure}")
            axes.set_ylabel(name)
            axes.set_title(title if row == 0 else "")
    panels[0, 0].legend()
    for axes in panels[-1]:
        axes.set_xlabel("pseudo-labels")
    seeds = int(table["seeds"].iloc[0])
    figure.suptitle(
        f"What makes the student better (data: {dataset}, {seeds} seed{'s' * (seeds > 1)}; "
        "bars: intervals" + (", of patients alone)" if seeds == 1 else ")")
    )
    return figure


def _panel(axes: Axes, table: pd.DataFrame, measure: str) -> None:
    groups = list(table.groupby(["noise", "epochs_of"], sort=False))
    for place, ((noise, length), cells) in enumerate(groups):
        x = [_LABELS.index(name) + (place - (len(groups) - 1) / 2) * 0.15
             for name in cells["pseudo_labels"]]  # fmt: skip
        y = cells[measure]
        ends = [cells.get(f"{measure}_{end}", y) for end in ("low", "high")]
        axes.errorbar(
            x, y, yerr=[(y - ends[0]).clip(lower=0), (ends[1] - y).clip(lower=0)],
            linestyle="none", color=COLORS[place], marker=MARKERS[place], capsize=2,
            label=f"{'noise' if noise == 'noise' else 'no noise'}, {length}'s epochs",
        )  # fmt: skip
    if table[measure].isna().all():
        axes.text(0.5, 0.5, "no frequent label", transform=axes.transAxes, ha="center")
    axes.set_xticks(range(len(_LABELS)), _LABELS)
    axes.set_xlim(-0.5, len(_LABELS) - 0.5)
