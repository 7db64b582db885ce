"""The plot of the factors shows every cell where its numbers are."""

import pandas as pd
import pytest
from matplotlib.axes import Axes

from maknet.reporting.figures.factors import draw_factors

LABELS = ("none", "shuffled", "real")


def table(seeds: int = 3) -> pd.DataFrame:
    rows = []
    for place, (noise, labels) in enumerate(
        [(n, lab) for n in ("noise", "clean") for lab in LABELS]
    ):
        row: dict[str, object] = {"noise": noise, "epochs_of": "student", "pseudo_labels": labels,
                                  "seeds": seeds}  # fmt: skip
        for test_set in ("text_mined", "hand_labeled"):
            value = 0.5 + place / 100
            row[f"{test_set}_auc_frequent"] = value
            row[f"{test_set}_f1"] = value / 2
            row[f"{test_set}_f1_low"] = value / 2 - 0.02
            row[f"{test_set}_f1_high"] = value / 2 + 0.03
        rows.append(row)
    return pd.DataFrame(rows)


def points(axes: Axes) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for line in axes.lines if line.get_marker() in "os^D"
            for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]  # fmt: skip


def test_points_and_intervals_are_where_the_data_say() -> None:
    figure = draw_factors(table(), "phantom")
    f1 = figure.axes[2]
    found = points(f1)
    assert sorted(round(y, 4) for _, y in found) == [0.25, 0.255, 0.26, 0.265, 0.27, 0.275]
    assert {round(x) for x, _ in found} == {0, 1, 2}
    segments = [s for c in f1.collections for s in c.get_segments()]  # type: ignore[attr-defined]
    lengths = sorted(round(s[:, 1].max() - s[:, 1].min(), 4) for s in segments)
    assert lengths == [0.05] * 6
    assert [t.get_text() for t in f1.get_xticklabels()] == list(LABELS)
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert {t.get_text() for t in legend.get_texts()} == {
        "noise, student's epochs", "no noise, student's epochs"
    }  # fmt: skip


@pytest.mark.parametrize(("seeds", "words"), [(1, "1 seed; bars: intervals, of patients alone)"),
                                              (3, "3 seeds; bars: intervals)")])  # fmt: skip
def test_the_title_says_what_the_bars_are(seeds: int, words: str) -> None:
    title = draw_factors(table(seeds), "phantom")._suptitle  # type: ignore[attr-defined]
    assert words in title.get_text()
    assert "phantom" in title.get_text()
