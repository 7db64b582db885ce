"""What must be seen in the plots: each curve at each of its points, its color, bars and names."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D

from maknet.reporting.figures.style import COLORS
from tests.unit.reporting.figures.examples import BY_LABEL, FRACTIONS, ROUNDS, curves
from tests.unit.reporting.figures.picture import Picture, assert_not_blank

Points = list[tuple[float, float]]


def points(line: Line2D) -> Points:
    """Return the points of a line, those that are no number left out."""
    pairs = zip(np.asarray(line.get_xdata()), np.asarray(line.get_ydata()), strict=True)
    return [(float(x), float(y)) for x, y in pairs if np.isfinite(y)]


def assert_line(picture: Picture, axes: Axes, line: Line2D, expected: Points) -> None:
    """Hold that a line goes through its points, in the data and in the pixels."""
    np.testing.assert_allclose(points(line), expected)
    for x, y in expected:
        assert picture.shows(axes, x, y, to_hex(line.get_color()), 130), (x, y)
    for (x0, y0), (x1, y1) in pairwise(expected):
        if axes.get_yscale() == "linear" and line.get_drawstyle() == "default":
            middle = (x0 + x1) / 2, (y0 + y1) / 2
            assert picture.around(axes, *middle).min() < 200, "no line between two points"


def names_of_legend(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def check_deletion(picture: Picture) -> None:
    (axes,) = picture.figure.axes
    assert_not_blank(picture, [axes])
    bars = [c for c in axes.containers if isinstance(c, ErrorbarContainer)]
    named = [("MAKNet", "attribution"), ("MAKNet", "chance"), ("VGG16", "attribution"),
             ("VGG16", "chance")]  # fmt: skip
    assert names_of_legend(axes) == [f"{arch}, by {way}" for arch, way in named]
    assert len(bars) == len(named)
    table = curves()
    for bar, (arch, way) in zip(bars, named, strict=True):
        part = table[(table["arch"] == arch) & (table["chosen_by"] == way)]
        line, caps, (segments,) = bar.lines
        places = [100 * fraction for fraction in FRACTIONS]
        values = part["confidence"].tolist()
        assert_line(picture, axes, line, list(zip(places, values, strict=True)))
        ends = [(segment[0, 1], segment[1, 1]) for segment in segments.get_segments()]
        limits = part[["confidence_low", "confidence_high"]].to_numpy()
        np.testing.assert_allclose(ends, limits)
        assert len(caps) == 2
        assert line.get_linestyle() == {"attribution": "-", "chance": "--"}[way]
        assert line.get_color() == {"MAKNet": COLORS[0], "VGG16": COLORS[1]}[arch]
    assert axes.get_ylim()[0] == 0
    assert "percent" in axes.get_xlabel()
    assert "phantom" in picture.figure.get_suptitle()


def check_training_curves(picture: Picture) -> None:
    panels = picture.figure.axes
    assert_not_blank(picture, panels)
    assert [axes.get_ylabel() for axes in panels] == [
        "mean training loss", "validation AUC", "validation F1",
    ]  # fmt: skip
    values = {
        "loss": [[0.9, 0.5, 0.3], [0.8, 0.6, 0.2], [0.7, 0.4, 0.1]],
        "auc": [[0.5, 0.6, 0.8], [0.5, 0.7, 0.7]], "f1": [[0.1, 0.2, 0.4], [0.1, 0.1, 0.3]],
    }  # fmt: skip
    colors = [COLORS[0], COLORS[0], COLORS[1]]  # seeds of a run share a color
    for axes, rows in zip(panels, values.values(), strict=True):
        assert len(axes.lines) == len(rows)
        for line, row, color in zip(axes.lines, rows, colors, strict=False):
            assert line.get_color() == color
            assert_line(picture, axes, line, list(zip([1, 2, 3], row, strict=True)))
        assert axes.lines[0].get_linewidth() > axes.lines[1].get_linewidth()
    assert [axes.get_yscale() for axes in panels] == ["log", "linear", "linear"]
    (legend,) = picture.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["maknet", "vgg16"]
    title = picture.figure.get_suptitle()
    assert "phantom" in title
    assert "networks 3 of 15, students 2 of 100" in title


def check_label_rounds(picture: Picture) -> None:
    mined, hand, bar = picture.figure.axes
    assert_not_blank(picture, [mined, hand])
    assert [text.get_text() for text in mined.get_yticklabels()] == [
        "liver (40, 3)",
        "lung (30, 7)",
    ]
    colors = mpl.colormaps["cividis"]
    values = {mined: [[0.5, 0.75], [0.9, 1.0]], hand: [[np.nan, 0.7], [0.8, 0.6]]}
    for axes, rows in values.items():
        assert [text.get_text() for text in axes.get_xticklabels()] == ["teacher", "student 1"]
        for (row, column), value in np.ndenumerate(np.array(rows)):
            wanted = "#dddddd" if np.isnan(value) else to_hex(colors((value - 0.5) / 0.5))
            assert picture.shows(axes, column, row, wanted, 12), (row, column)
    assert mined.get_title() == "text-mined test set"
    assert "AUC" in bar.get_xlabel()
    assert "phantom" in picture.figure.get_suptitle()


def check_pseudo_labels(picture: Picture) -> None:
    mean, share, removed, images = picture.figure.axes
    assert_not_blank(picture, [mean, share, removed, images])
    numbers = ROUNDS["round"]
    for axes, columns in (
        (mean, [ROUNDS["labels_per_image"]]),
        (share, [ROUNDS["without_label"] / 200, ROUNDS["changed_images"],
                 ROUNDS["changed_labels"]]),
        (removed, [ROUNDS["removed_as_exclusive"] / 200]),
    ):  # fmt: skip
        assert len(axes.lines) == len(columns)
        for line, column in zip(axes.lines, columns, strict=True):
            defined = pd.Series(column).notna()
            expected = list(zip(numbers[defined], column[defined], strict=True))
            assert_line(picture, axes, line, expected)
        assert axes.get_xlabel() == "round"
        assert axes.get_ylim()[0] == 0
    assert names_of_legend(share) == ["without a label", "changed images", "changed labels"]
    first, last = images.lines
    ordered = BY_LABEL.sort_values("round3", ascending=False)
    for line, column in ((first, "round1"), (last, "round3")):
        assert_line(picture, images, line, list(enumerate(ordered[column])))
    assert names_of_legend(images) == ["round 1", "round 3"]
    assert "4 labels, most frequent in round 3 first" in images.get_xlabel()
    assert "200 unlabeled images (data: phantom)" in picture.figure.get_suptitle()
