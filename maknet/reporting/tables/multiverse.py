"""The multiverse: what each choice that the paper leaves open does to each conclusion.

Every choice is made otherwise alone, and each conclusion's effect is measured again. How much an
effect moves by chance, with another seed or another order of sums, stands beside it: a choice that
moves it by less has not been shown to matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import pandas as pd

from maknet.reporting.tables.claims import (
    PERTURBED,
    Evidence,
    Measured,
    evidence,
    tested_measure,
)
from maknet.reporting.tables.runs import TEST_SETS, numeric

BASE = "base"
COLUMNS = (
    "dataset", "scenario", "kind", "question", "conclusion", "test_set", "metric", "base", "effect",
    "low", "high", "change", "scatter", "beyond_scatter", "turns_around", "seeds", "sets", "why",
)  # fmt: skip
NOTE = (
    "An effect is what speaks for the conclusion: above zero it holds. Change is an effect less "
    "the configuration's own. Scatter is the largest change that another seed or other rounding "
    "made, or two standard deviations over the seeds, whichever is larger. A choice within the "
    "scatter may still matter, and one beyond it need not: of choices that do nothing, one in "
    "k + 1 goes further than all of k scenarios of scatter, and further than two standard "
    "deviations as many as Student's distribution says, one in 29 with five seeds. `By chance` "
    "counts them among those that moved the effect at all."
)


@dataclass(frozen=True)
class Universe:
    """The configuration, or one scenario of it.

    Attributes:
        name: The scenario's name, `BASE` for the configuration.
        kind: `base`, `choice` or `scatter`.
        question: The row of REPRODUCTION.md that it answers otherwise.
        why: What makes it plausible.
        sets: What it sets, as text.
        measured: Its results.
    """

    name: str
    kind: str
    question: str
    why: str
    sets: str
    measured: Measured


def multiverse_table(
    dataset: str, conclusions: Sequence[Mapping[str, Any]], universes: Sequence[Universe]
) -> pd.DataFrame:
    """Return one row for each universe and measure of a conclusion, with `COLUMNS`.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        conclusions: The configuration's section `conclusions`.
        universes: The configuration first, then its scenarios.
    """
    rows = []
    for conclusion in conclusions:
        for test_set, metric, claim in measures(conclusion, _seeds(universes[0])):
            parts = [evidence(claim, universe.measured)[0][0] for universe in universes]
            rows += _rows(universes, parts, {
                "dataset": dataset, "conclusion": conclusion["id"], "test_set": test_set,
                "metric": metric,
            })  # fmt: skip
    table = pd.DataFrame(rows)[list(COLUMNS)]
    return numeric(table)


def measures(conclusion: Mapping[str, Any], seeds: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what a conclusion is measured by: test set, metric, and a claim on these alone.

    Args:
        conclusion: An entry of the configuration's section `conclusions`.
        seeds: Number of seeds of the configuration.
    """
    for column in PERTURBED:
        if column in conclusion:
            return [("hand_labeled", "confidence", {column: conclusion[column]})]
    test = conclusion["higher"]
    return [
        (
            name,
            tested_measure(metric, seeds),
            {"higher": {**test, "test_set": name, "metrics": [metric]}},
        )
        for name in TEST_SETS.values()
        for metric in test["metrics"]
    ]


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return text cells, one row a measure of a conclusion: what moved it, and how far.

    Args:
        table: What `multiverse_table` returned.
    """
    rows = []
    keys = ["conclusion", "test_set", "metric"]
    for (conclusion, test_set, metric), group in table.groupby(keys, sort=False):
        choices = group[group["kind"] == "choice"]
        order = choices["change"].abs().sort_values(ascending=False, kind="stable").index
        moved = [
            f"{choices['scenario'][i]} {_text(choices['change'][i])}"
            for i in order[:3] if choices["change"][i] and not isnan(choices["change"][i])
        ]  # fmt: skip
        rows.append({
            "Conclusion": conclusion, "Test set": str(test_set).replace("_", "-"),
            "Metric": metric, "Effect": _text(group["base"].iloc[0]),
            "Scatter": _text(group["scatter"].iloc[0]).removeprefix("+"),
            "Effects of all choices":
                f"{_text(choices['effect'].min())} to {_text(choices['effect'].max())}",
            "Beyond the scatter": _beyond(group, int((choices["change"] != 0).sum())),
            "By chance": _by_chance(group, int((choices["change"] != 0).sum())),
            "Turned around": ", ".join(choices["scenario"][choices["turns_around"] == 1]) or "-",
            "Largest changes": ", ".join(moved) or "-",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _beyond(group: pd.DataFrame, moved: int) -> str:
    if isnan(group["scatter"].iloc[0]):
        return "-"
    return f"{int(group['beyond_scatter'].sum())} of {moved}"


def _by_chance(group: pd.DataFrame, moved: int) -> str:
    """Return how many choices that do nothing would be beyond the scatter, of those that moved."""
    if isnan(group["scatter"].iloc[0]):
        return "-"
    seeds = 1 if group["metric"].iloc[0] == "confidence" else int(group["seeds"].iloc[0])
    others = int((group["kind"] == "scatter").sum())
    share = beyond_two_deviations(seeds) if seeds > 1 else 1 / (others + 1)
    return f"{moved * share:.0f}"


def beyond_two_deviations(seeds: int) -> float:
    """Return how often the change of a mean over seeds exceeds two deviations by chance alone.

    The change is the difference of two means over as many seeds, the deviation that of single
    seeds of one of them.
    """
    from scipy.stats import t

    return float(2 * t.sf((2 * seeds) ** 0.5, seeds - 1))


def _text(value: float) -> str:
    return "-" if isnan(value) else f"{value:+.4f}"


def _rows(
    universes: Sequence[Universe], parts: Sequence[Evidence], same: Mapping[str, Any]
) -> list[dict[str, Any]]:
    base = parts[0]
    changes = [part.value - base.value for part in parts]
    by_chance = [abs(c) for c, u in zip(changes, universes, strict=True) if u.kind == "scatter"]
    known = [value for value in (*by_chance, 2 * base.deviation) if not isnan(value)]
    scatter = max(known, default=nan) or nan  # zero: nothing that scatters was varied
    rows = []
    for universe, part, change in zip(universes, parts, changes, strict=True):
        chosen = universe.kind == "choice"
        rows.append({
            **same, "scenario": universe.name, "kind": universe.kind,
            "question": universe.question, "base": base.value, "effect": part.value,
            "low": part.low, "high": part.high, "change": change, "scatter": scatter,
            "beyond_scatter": int(chosen and abs(change) > scatter),
            "turns_around": int(chosen and part.value * base.value < 0), "seeds": _seeds(universe),
            "sets": universe.sets, "why": universe.why,
        })  # fmt: skip
    return rows


def _seeds(universe: Universe) -> int:
    runs = universe.measured.runs.values()
    return max((len(run.metrics) for run in runs), default=1)
