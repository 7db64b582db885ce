"""The multiverse's table: effects, changes, the yardstick of chance."""

from math import isnan

import numpy as np
import pytest

from maknet.reporting.figures.multiverse import draw_multiverse
from maknet.reporting.tables.claims import Measured
from maknet.reporting.tables.multiverse import (
    BASE,
    COLUMNS,
    Universe,
    beyond_two_deviations,
    measures,
    multiverse_table,
    summary,
)
from tests.unit.reporting.tables.test_claims import measured

HIGHER = {"id": "student above teacher",
          "higher": {"runs": ["last", "maknet"], "metrics": ["auc", "f1"]}}  # fmt: skip
DROP = {"id": "changes less", "moved": {"of": "VGG16", "less": "MAKNet", "change": "replaced"}}


def universe(name: str, student: float, kind: str = "choice", seeds: int = 1) -> Universe:
    found = measured({"student5": student, "maknet": 0.5}, seeds)
    return Universe(name, kind, "a question", "a reason", '{"a": 1}', found)


def test_changes_are_measured_from_the_configuration() -> None:
    table = multiverse_table(
        "phantom", [HIGHER],
        [universe(BASE, 0.6, "base"), universe("other", 0.4), universe("same", 0.6),
         universe("seed", 0.63, "scatter")],
    )  # fmt: skip
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 4 * 4  # universes, two test sets of two metrics
    cell = table[(table["test_set"] == "hand_labeled") & (table["metric"] == "f1")]
    cell = cell.set_index("scenario")
    base, other, same = (cell.loc[name] for name in (BASE, "other", "same"))
    assert other["change"] == pytest.approx(-0.2)
    assert (same["change"], same["beyond_scatter"], same["turns_around"]) == (0, 0, 0)
    assert (other["beyond_scatter"], other["turns_around"]) == (1, 1)
    assert base["scatter"] == pytest.approx(0.03)
    assert cell.loc["seed", "beyond_scatter"] == 0


def test_seeds_of_the_configuration_are_scatter_too() -> None:
    many = [universe(BASE, 0.6, "base", 5), universe("near", 0.61, seeds=5)]
    table = multiverse_table("phantom", [HIGHER], many)
    assert (table["scatter"] > 0.01).all()
    assert (table["seeds"] == 5).all()
    alone = multiverse_table("phantom", [HIGHER], [universe(BASE, 0.6, "base")])
    assert alone["scatter"].isna().all()


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_how_often_a_choice_that_does_nothing_exceeds_two_deviations(seeds: int) -> None:
    chance = np.random.default_rng(seeds)
    base, other = chance.normal(size=(2, 200_000, seeds))
    change = other.mean(1) - base.mean(1)
    simulated = (abs(change) > 2 * base.std(1, ddof=1)).mean()
    assert beyond_two_deviations(seeds) == pytest.approx(simulated, abs=0.003)


def test_a_drop_of_confidence_is_a_conclusion_too() -> None:
    table = multiverse_table("phantom", [DROP], [universe(BASE, 0.6, "base"), universe("a", 0.6)])
    assert table["effect"].tolist() == pytest.approx([0.05, 0.05])
    assert measures(DROP, 1)[0][:2] == ("hand_labeled", "confidence")


def test_what_was_not_measured_stays_undefined() -> None:
    nothing = Measured(universe(BASE, 0.6).measured.runs, {}, [], "student5", 0.95)
    table = multiverse_table("phantom", [DROP], [
        Universe(BASE, "base", "", "", "{}", nothing),
        Universe("a", "choice", "", "", "{}", nothing),
    ])  # fmt: skip
    assert isnan(table["effect"].iloc[0])
    assert table["turns_around"].tolist() == [0, 0]
    shown = summary(table)
    assert shown[["Effect", "Scatter", "Largest changes"]].iloc[0].tolist() == ["-", "-", "-"]


def test_people_see_what_moved_a_conclusion() -> None:
    universes = [universe(BASE, 0.6, "base"), universe("other", 0.4), universe("same", 0.6)]
    universes += [universe("seed", 0.63, "scatter")]
    table = multiverse_table("phantom", [HIGHER], universes)
    row = summary(table).iloc[0]
    assert row["Turned around"] == "other"
    assert (row["Beyond the scatter"], row["By chance"]) == ("1 of 1", "0")
    assert row["Largest changes"] == "other -0.2000"
    figure = draw_multiverse(table, "phantom")
    assert [axes.get_visible() for axes in figure.axes] == [True, True]
    bars = [[patch.get_width() for patch in axes.patches] for axes in figure.axes]
    assert all(any(width == pytest.approx(-0.2) for width in widths) for widths in bars)
