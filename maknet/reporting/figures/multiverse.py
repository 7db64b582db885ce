"""The tornado plot of the multiverse: how far each choice moves each conclusion."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from maknet.reporting.figures.style import COLORS, paper_style

_SHOWN = 8
_SETS = {"text_mined": (COLORS[0], 0.18), "hand_labeled": (COLORS[1], -0.18)}
_NAMES = {"auc_frequent": "AUC, frequent labels", "f1": "F1, all labels"}


@paper_style()
def draw_multiverse(table: pd.DataFrame, dataset: str) -> Figure:
    """Draw a panel for each conclusion and metric: its effect under the choices that move it most.

    A bar goes from the configuration's effect to that of a choice. The shaded band is the scatter
    of seeds and of rounding around it; right of zero the conclusion holds.

    Args:
        table: What `maknet.reporting.tables.multiverse.multiverse_table` returned.
        dataset: Name of the data, for the title.
    """
    panels = list(table.groupby(["conclusion", "metric"], sort=False))
    rows = (len(panels) + 1) // 2
    figure = Figure(figsize=(9, 2.3 * rows + 0.6), layout="constrained")
    axes = list(figure.subplots(rows, 2, squeeze=False).flat)
    for panel, ((conclusion, metric), group) in zip(axes, panels, strict=False):
        _panel(panel, group)
        panel.set_title(f"{conclusion}: {_NAMES.get(str(metric), metric)}")
    for panel in axes[len(panels) :]:
        panel.set_visible(False)
    figure.suptitle(
        f"The {_SHOWN} choices that move each conclusion most (data: {dataset}). Blue: text-mined, "
        "orange: hand-labeled test set; line: the configuration's effect; band: scatter of seeds "
        "and rounding", fontsize=8, wrap=True,
    )  # fmt: skip
    return figure


def _panel(axes: Axes, group: pd.DataFrame) -> None:
    choices = group[group["kind"] == "choice"]
    largest = choices.groupby("scenario")["change"].agg(lambda changes: changes.abs().max())
    names = largest.sort_values(ascending=False, kind="stable").index[:_SHOWN]
    for test_set, part in choices.groupby("test_set", sort=False):
        color, offset = _SETS[str(test_set)]
        base, scatter = part["base"].iloc[0], part["scatter"].iloc[0]
        axes.axvline(base, color=color, linewidth=1)
        if scatter == scatter:
            axes.axvspan(base - scatter, base + scatter, color=color, alpha=0.08, linewidth=0)
        changes = part.set_index("scenario")["change"].reindex(names).fillna(0)
        places = [place + offset for place in range(len(names))]
        axes.barh(places, changes, left=base, height=0.32, color=color)
    axes.axvline(0, color="black", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(names)), [str(name) for name in names])
    axes.invert_yaxis()
