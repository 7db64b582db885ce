"""Figures that real names and further seeds would spoil."""

import itertools
import math
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from maknet.files import sha256
from maknet.reporting.figures import training_curves as curves
from maknet.reporting.figures.deletion import deletion_table
from maknet.reporting.figures.label_lists import write_labels
from maknet.reporting.figures.training_curves import draw_training_curves
from maknet.reporting.tables.paper_comparison import compare_with_paper
from maknet.reporting.tables.runs import TEST_SETS

LONG = ["retroperitoneum lymph node", "superior mediastinum lymph node", "aorticopulmonary window"]


@pytest.mark.parametrize("count", [3, 5, 10])
def test_the_longest_real_names_stay_in_their_panel(count: int) -> None:
    figure = Figure(figsize=(7.4, 1.65), layout="constrained")
    panels = figure.subplots(1, 5)
    for panel in panels:
        panel.set_axis_off()
    axes = panels[2]
    names = (LONG * 4)[:count]
    write_labels(axes, names, [0.63] * count, ["#000000"] * count, ["·"] * count, "")
    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    extent = axes.get_window_extent()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes.texts]
    assert all(box.x1 <= extent.x1 for box in boxes)
    assert boxes[-1].y0 >= extent.y0 - 2
    for upper, lower in itertools.pairwise(boxes):
        assert upper.y0 >= lower.y1 - 1


def test_seeds_of_a_run_share_a_line_of_the_legend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pd.DataFrame({"epoch": [1, 2, 3], "loss": [3, 2, 1], "auc": [0.5] * 3, "f1": [0.1] * 3})
    table.to_csv(tmp_path / "h.csv", index=False)
    runs = [f"{run}{seed}" for seed in ("", "-seed2", "-seed3") for run in
            ("vgg16", "resnet18", "maknet", *(f"student{n}" for n in range(1, 6)))]  # fmt: skip
    seen: list[Figure] = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, paths: seen.append(figure))
    draw_training_curves(dict.fromkeys(runs, tmp_path / "h.csv"), "phantom", [])
    legend = seen[0].legends[0]
    assert len(legend.get_texts()) == 8
    seen[0].draw_without_rendering()
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= seen[0].bbox.x1
    lines = seen[0].axes[0].get_lines()
    styles = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(lines) == 24
    assert len(styles) == 8


def test_an_undefined_interval_holds_nothing() -> None:
    columns = {f"{name}_{metric}{end}": [math.nan if end else 0.5]
               for name in TEST_SETS.values() for metric in ("auc", "f1", "precision", "recall")
               for end in ("", "_low", "_high")}  # fmt: skip
    table = pd.DataFrame({"dataset": ["deeplesion"], "arch": ["MAKNet"], **columns})
    paper = pd.DataFrame({"table": [1], "row": ["MAKNet"], **{k: [0.6] for k in columns}})
    assert compare_with_paper(1, table, paper)["within_interval"].isna().all()


def test_deletion_curves_are_drawn_in_order() -> None:
    arrays = {name: np.array([[0.3, 0.9, 0.5]]) for name in ("by_attribution", "by_chance")}
    table = deletion_table("phantom", {"MAKNet": arrays}, [0.3, 0.0, 0.1])
    part = table[table["chosen_by"] == "chance"]
    assert part["fraction"].tolist() == [0.0, 0.1, 0.3]
    assert part["confidence"].tolist() == [0.9, 0.5, 0.3]


def test_a_users_matplotlibrc_changes_no_byte(tmp_path: Path) -> None:
    pd.DataFrame({"epoch": [1], "loss": [1.0]}).to_csv(tmp_path / "h.csv", index=False)
    for name, settings in (("a", {}), ("b", {"savefig.bbox": "tight", "axes.grid": True})):
        with mpl.rc_context(settings):
            draw_training_curves(
                {"maknet": tmp_path / "h.csv"}, "phantom", [tmp_path / f"{name}.png"]
            )
    assert sha256(tmp_path / "a.png") == sha256(tmp_path / "b.png")
