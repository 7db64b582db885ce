"""Training curves of all runs: loss and validation metrics by epoch."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from maknet.reporting.figures.style import COLORS, paper_style

_PANELS = {"loss": "mean training loss", "auc": "validation AUC", "f1": "validation F1"}
_SEED = re.compile(r"-seed\d+$")
_DASHES = ("-", "--", ":", "-.")


@paper_style()
def draw_training_curves(
    histories: Mapping[str, Path], dataset: str, epochs: Mapping[str, Sequence[int]]
) -> Figure:
    """Draw one panel per quantity, one line per run; thin lines are those of further seeds.

    Args:
        histories: `history.csv` of each run, made from its TensorBoard events by tbparse.
        dataset: Name of the data, for the title.
        epochs: Epochs of this run and of the paper's, by what is trained.
    """
    tables = {run: pd.read_csv(history) for run, history in histories.items()}
    figure = Figure(figsize=(7.2, 3.1), layout="constrained")
    for axes, (column, title) in zip(figure.subplots(1, 3), _PANELS.items(), strict=True):
        _draw(axes, tables, column)
        axes.set_ylabel(title)
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(6, len(names)))
    lengths = ", ".join(f"{name} {here} of {paper}" for name, (here, paper) in epochs.items())
    figure.suptitle(f"Trainings (data: {dataset})\nEpochs, of the paper's: {lengths}", fontsize=8)
    return figure


def _draw(axes: Axes, tables: Mapping[str, pd.DataFrame], column: str) -> None:
    plain = list(dict.fromkeys(_SEED.sub("", run) for run in tables))
    for run, table in tables.items():
        if column not in table:  # a quantity that was undefined in all epochs
            continue
        name = _SEED.sub("", run)
        place = plain.index(name)
        color, dash = COLORS[place % len(COLORS)], _DASHES[place // len(COLORS) % len(_DASHES)]
        marker = "." if len(table) < 3 else None
        axes.plot(table["epoch"], table[column], dash, color=color, marker=marker,
                  label=name if run == name else None, lw=1.5 if run == name else 0.7)  # fmt: skip
    if column == "loss":
        axes.set_yscale("log")
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
