"""The paper's claims, each with what was measured, its interval, and a verdict.

A claim is reproduced if the interval of what it says lies on its side, not reproduced if it lies on
the other, and undecided if it holds zero, if no interval is known to hold for its metric, or if the
networks were trained once: the scatter of training is then not known. An undecided claim comes with
half the interval's width: about half of such studies would have told an effect of that size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

from maknet.metrics.coverage import differences
from maknet.reporting.tables.runs import TEST_SETS, Repeated, paired_gap

REPRODUCED, NOT_REPRODUCED, UNDECIDED = "reproduced", "not reproduced", "undecided"
COLUMNS = (
    "dataset", "section", "claim", "sentence", "tested_on", "measured", "low", "high", "verdict",
    "would_say", "half_width", "why", "cells",
)  # fmt: skip
NO_VERDICT = "none: not the paper's data"
# Columns of perturbations.csv that claims are tested on.
PERTURBED = {"drop": "drop of confidence", "moved": "change of confidence, up or down"}
_MIN_SEEDS = 2
_SPLITS = {name: split for split, name in TEST_SETS.items()}


@dataclass(frozen=True)
class Evidence:
    """What one part of a claim rests on; positive values speak for it.

    Attributes:
        tested_on: What was compared.
        value: The measure, positive for the claim.
        low: Lower end of its interval; NaN where there is none.
        high: Upper end.
        cells: Files and columns that the value comes from.
        why: Why there is no verdict, whatever the interval says; empty where there is one.
        exact: Verdict on what has no scatter; empty where the interval decides.
        deviation: Standard deviation over the seeds; NaN for one.
    """

    tested_on: str
    value: float
    low: float
    high: float
    cells: str
    why: str = ""
    exact: str = ""
    deviation: float = nan

    @property
    def verdict(self) -> str:
        """What this part says of the claim."""
        if self.exact:
            return self.exact
        if self.why or isnan(self.low) or isnan(self.high) or self.low <= 0 <= self.high:
            return UNDECIDED
        return REPRODUCED if self.low > 0 else NOT_REPRODUCED


@dataclass(frozen=True)
class Measured:
    """What claims are tested on.

    Attributes:
        runs: Scores of each run, for each seed.
        networks: Descriptions of the networks by run.
        perturbations: Rows of `perturbations.csv`.
        last: Name of the last student's run.
        confidence: Confidence of the intervals.
    """

    runs: Mapping[str, Repeated]
    networks: Mapping[str, Mapping[str, Any]]
    perturbations: Sequence[Mapping[str, str]]
    last: str
    confidence: float


def judge_claims(
    dataset: str, claims: Sequence[Mapping[str, Any]], measured: Measured
) -> list[dict[str, Any]]:
    """Return one row of `COLUMNS` for each claim.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`; only the first has verdicts.
        claims: Entries of `config/claims.yaml`.
        measured: What they are tested on.
    """
    rows = []
    for claim in claims:
        parts, need = evidence(claim, measured)
        undecided = [part for part in parts if part.verdict == UNDECIDED]
        verdict = combined_verdict([part.verdict for part in parts], need)
        # Where the scatter of training is not in the interval, its width tells too little.
        tested = [part for part in undecided if not part.why and not isnan(part.low)]
        widths = [(part.high - part.low) / 2 for part in tested]
        rows.append({
            "dataset": dataset, "section": claim["section"], "claim": claim["id"],
            "sentence": claim["sentence"],
            "tested_on": _joined(part.tested_on for part in parts)
                + (f"; at least {need} of {len(parts)}" if len(parts) > 1 else ""),
            "measured": _numbers(part.value for part in parts),
            "low": _numbers(part.low for part in parts),
            "high": _numbers(part.high for part in parts),
            "verdict": verdict if dataset == "deeplesion" else NO_VERDICT,
            "would_say": "" if dataset == "deeplesion" else verdict,
            "half_width": f"{max(widths):.4f}" if verdict == UNDECIDED and widths else "",
            "why": _joined(dict.fromkeys(p.why or _holds_zero(p) for p in undecided))
                if verdict == UNDECIDED else "",
            "cells": _joined(dict.fromkeys(part.cells for part in parts)),
        })  # fmt: skip
    return rows


def combined_verdict(verdicts: Sequence[str], need: int) -> str:
    """Return the verdict on a claim of which at least `need` parts must hold."""
    if verdicts.count(REPRODUCED) >= need:
        return REPRODUCED
    if len(verdicts) - verdicts.count(NOT_REPRODUCED) < need:
        return NOT_REPRODUCED
    return UNDECIDED


def evidence(claim: Mapping[str, Any], measured: Measured) -> tuple[list[Evidence], int]:
    """Return what a claim rests on, and how many parts of it must hold.

    Args:
        claim: An entry of `config/claims.yaml`; only its test is read.
        measured: What it is tested on.
    """
    if "fewer" in claim:
        return [_fewer(claim["fewer"], measured)], 1
    for column in PERTURBED:
        if column in claim:
            return [_perturbed(column, claim[column], measured)], 1
    test = claim["higher"]
    parts = [_higher(test, metric, measured) for metric in test["metrics"]]
    return parts, test.get("need", len(parts))


def _fewer(test: Mapping[str, Any], measured: Measured) -> Evidence:
    """Return the share of parameters that is saved; it has no scatter."""
    first, second = (measured.networks[run]["paper_size_parameters"] for run in test["networks"])
    share = 1 - first / second
    exact = REPRODUCED if test["low"] <= share <= test["high"] else NOT_REPRODUCED
    named = " than ".join(test["networks"])
    on = f"{share:.0%} fewer parameters of {named}, claimed {test['low']:.0%} to {test['high']:.0%}"
    return Evidence(on, share, nan, nan, "table1.csv: paper_size_parameters", exact=exact)


def tested_measure(metric: str, seeds: int) -> str:
    """Return the measure that tests a metric: over all labels, or over frequent ones.

    Of these it is the first whose interval is known to hold, or the metric itself without one.

    Args:
        metric: One of the paper's metrics.
        seeds: Number of seeds of the runs that are compared.
    """
    held = differences(seeds)
    return next((m for m in (metric, f"{metric}_frequent") if m in held), metric)


def _higher(test: Mapping[str, Any], metric: str, measured: Measured) -> Evidence:
    first, second = (measured.last if run == "last" else run for run in test["runs"])
    split = _SPLITS[test["test_set"]]
    runs = measured.runs[first], measured.runs[second]
    seeds = len(runs[0].metrics)
    measure, held = tested_measure(metric, seeds), differences(seeds)
    found = paired_gap(*runs, split, measure, measured.confidence)
    why = ""
    if measure not in held:
        why = f"no interval is known to hold for {metric}"
    elif seeds < _MIN_SEEDS:
        why = "one seed"
    low, high = (found.low, found.high) if measure in held else (nan, nan)
    column = f"{test['test_set']}_{measure}"
    return Evidence(f"{measure} of {first} minus {second}", found.value, low, high,
                    f"{column} of runs {first} and {second}", why,
                    deviation=found.deviation)  # fmt: skip


def _perturbed(column: str, test: Mapping[str, Any], measured: Measured) -> Evidence:
    less = test.get("less")
    names = [f"{test['of']} minus {less}", f"{less} minus {test['of']}"] if less else [test["of"]]
    for sign, name in zip((1, -1), names, strict=False):
        for row in measured.perturbations:
            if (row["arch"], row["change"]) == (name, test["change"]):
                value, *ends = (sign * float(row[column + end]) for end in ("", "_low", "_high"))
                on = f"{PERTURBED[column]}, {names[0]}, {test['change']}"
                once = int(row["trainings"]) < _MIN_SEEDS
                why = "each network was trained once" if once else ""
                cells = f"perturbations.csv: {name}"
                return Evidence(on, value, min(ends), max(ends), cells, why)
    return Evidence(f"{PERTURBED[column]}, {names[0]}", nan, nan, nan, "", "it was not measured")


def _holds_zero(part: Evidence) -> str:
    return "undefined" if isnan(part.value) else "the interval holds zero"


def _numbers(values: Any) -> str:  # noqa: ANN401 - an iterable of numbers
    return _joined("-" if isnan(value) else f"{value:.4f}" for value in values)


def _joined(parts: Any) -> str:  # noqa: ANN401 - an iterable of text
    return "; ".join(part for part in parts if part)
