"""The rules of a run as a picture that a person reads: by the paper's sections, left to right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from maknet.reporting.figures.style import COLORS, box, paper_style

_WIDTH, _HEIGHT, _STEP_X, _STEP_Y = 1.5, 0.62, 1.75, 0.8


@dataclass(frozen=True)
class Step:
    """One box of the picture.

    Attributes:
        name: What the jobs do.
        section: Section of the paper; empty for a result.
        jobs: How many there were.
        before: Names of the boxes that they read from.
    """

    name: str
    section: str
    jobs: int
    before: Sequence[str]


@paper_style()
def draw_rule_graph(steps: Sequence[Step], dataset: str) -> Figure:
    """Draw the steps of a run, those that rest on others right of them.

    Args:
        steps: A step comes behind all that it reads from.
        dataset: Name of the data, for the title.
    """
    places = _places(steps)
    columns = 1 + max(column for column, _ in places.values())
    rows = 1 + max(row for _, row in places.values())
    figure = Figure(figsize=(_STEP_X * columns, _STEP_Y * rows + 0.5), layout="constrained")
    axes = figure.subplots()
    for step in steps:
        for other in _direct(step, {s.name: s for s in steps}):
            if places[other][0] < places[step.name][0]:
                _curve(axes, places[other], places[step.name])
    for step in steps:
        column, row = places[step.name]
        count = "1 job" if step.jobs == 1 else f"{step.jobs:,} jobs"
        text = f"{step.name}\n{count}" + (f" (section {step.section})" if step.section else "")
        x, y = column * _STEP_X, -row * _STEP_Y
        axes.add_patch(Rectangle((x, y), _WIDTH, _HEIGHT, color="white", zorder=1))
        color = COLORS[int(step.section[0]) % 6] if step.section else COLORS[6]
        box(axes, x, y, _WIDTH, _HEIGHT, text, color)
    axes.set_xlim(-0.1, columns * _STEP_X)
    axes.set_ylim(-(rows - 1) * _STEP_Y - 0.1, _HEIGHT + 0.1)
    axes.set_axis_off()
    figure.suptitle(f"From data to results (data: {dataset})")
    return figure


def _places(steps: Sequence[Step]) -> dict[str, tuple[int, int]]:
    """Return column and row of each step: right of the last that it reads from, results last."""
    places: dict[str, tuple[int, int]] = {}
    filled: dict[int, int] = {}
    last = 0
    for step in sorted(steps, key=lambda step: not step.section):
        column = 1 + max((places[name][0] for name in step.before if name in places), default=-1)
        if step.section:
            last = max(last, column)
        else:
            column = last + 1
        places[step.name] = column, filled.get(column, 0)
        filled[column] = filled.get(column, 0) + 1
    return places


def _direct(step: Step, by_name: Mapping[str, Step]) -> list[str]:
    """Return what a step reads from, without what another of these rests on: fewer arrows."""

    def rests_on(name: str) -> set[str]:
        before = by_name[name].before
        return {*before, *(further for one in before for further in rests_on(one))}

    hidden = {name for other in step.before for name in rests_on(other)}
    return [name for name in step.before if name not in hidden]


def _curve(axes: Axes, start: tuple[int, int], end: tuple[int, int]) -> None:
    x1, y1 = start[0] * _STEP_X + _WIDTH, -start[1] * _STEP_Y + _HEIGHT / 2
    x2, y2 = end[0] * _STEP_X, -end[1] * _STEP_Y + _HEIGHT / 2
    axes.annotate("", (x2, y2), (x1, y1), arrowprops={
        "arrowstyle": "-|>", "color": "#7a828a", "lw": 0.9, "shrinkA": 0, "shrinkB": 0,
        "connectionstyle": f"arc3,rad={0.0 if y1 == y2 else 0.12}",
    }, zorder=0)  # fmt: skip
