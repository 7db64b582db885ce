"""Figures that real names and further seeds would spoil."""

import itertools
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maknet.files import sha256
from maknet.reporting.figures.label_lists import write_labels
from maknet.reporting.figures.pseudo_labels import draw_pseudo_labels
from maknet.reporting.figures.style import save_figure
from maknet.reporting.figures.training_curves import draw_training_curves
from tests.unit.reporting.figures.examples import BY_LABEL, ROUNDS
from tests.unit.reporting.figures.picture import Picture, assert_not_blank

LONG = ["retroperitoneum lymph node", "superior mediastinum lymph node", "aorticopulmonary window"]


@pytest.mark.parametrize("count", [3, 5, 10])
def test_the_longest_real_names_stay_in_their_panel(count: int) -> None:
    figure = Figure(figsize=(7.4, 1.65), layout="constrained")
    panels = figure.subplots(1, 5)
    for panel in panels:
        panel.set_axis_off()
    axes = panels[2]
    names = (LONG * 4)[:count]
    write_labels(axes, names, [0.63] * count, ["#000000"] * count, ["·"] * count)
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    extent = axes.get_window_extent()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert all(box.x1 <= extent.x1 for box in boxes)
    assert boxes[-1].y0 >= extent.y0 - 2
    for upper, lower in itertools.pairwise(boxes):
        assert upper.y0 >= lower.y1 - 1


def test_seeds_of_a_run_share_a_line_of_the_legend(tmp_path: Path) -> None:
    table = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3, 2, 1], "auc": [0.5] * 3, "f1": [0.1] * 3})
    table.to_csv(tmp_path / "h.csv", index=False)
    runs = [f"{run}{seed}" for seed in ("", "-seed2", "-seed3") for run in
            ("vgg16", "resnet18", "maknet", *(f"student{n}" for n in range(1, 6)))]  # fmt: skip
    figure = draw_training_curves(dict.fromkeys(runs, tmp_path / "h.csv"), "phantom", {})
    legend = figure.legends[0]
    assert len(legend.get_texts()) == 8
    figure.draw_without_rendering()
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
    lines = figure.axes[0].get_lines()
    styles = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(lines) == 24
    assert len(styles) == 8


def test_one_round_and_one_epoch_are_seen(tmp_path: Path) -> None:
    one_round = draw_pseudo_labels(ROUNDS.iloc[:1], BY_LABEL[["label", "round1"]], "phantom")
    pd.DataFrame({"epoch": [1], "loss": [1.0], "auc": [0.5], "f1": [0.2]}).to_csv(
        tmp_path / "h.csv", index=False
    )
    one_epoch = draw_training_curves({"maknet": tmp_path / "h.csv"}, "phantom", {})
    for figure in (one_round, one_epoch):
        picture = Picture(figure, tmp_path)
        assert_not_blank(picture, figure.axes, 0.0005)  # a marker alone


def test_a_users_matplotlibrc_changes_no_byte(tmp_path: Path) -> None:
    pd.DataFrame({"epoch": [1], "loss": [1.0]}).to_csv(tmp_path / "h.csv", index=False)
    for name, settings in (("a", {}), ("b", {"savefig.bbox": "tight", "axes.grid": True})):
        with mpl.rc_context(settings):
            figure = draw_training_curves({"maknet": tmp_path / "h.csv"}, "phantom", {})
            save_figure(figure, [tmp_path / f"{name}.png"])
    assert sha256(tmp_path / "a.png") == sha256(tmp_path / "b.png")
