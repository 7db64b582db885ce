"""A table as CSV, Markdown and HTML. CSV is the result, the others are for reading."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.files import write_frame, write_text
from maknet.metrics.coverage import REASON, differences
from maknet.metrics.multilabel import METRICS, MIN_POSITIVES
from maknet.reporting.tables.html_page import write_page
from maknet.reporting.tables.markdown import markdown_table
from maknet.reporting.tables.paper_tables import CONTROL, TEACHER

_TITLES = {
    "auc": "AUC", "f1": "F1 score", "precision": "Precision", "recall": "Recall",
    "average_precision": "Average precision",
}  # fmt: skip
# Differences on a page; the CSV has all.
_COMPARED = (
    *METRICS, *(f"{name}_frequent" for name in METRICS), "average_precision_frequent",
)  # fmt: skip
_SET_TITLES = {"text_mined": "text-mined", "hand_labeled": "hand-labeled"}
DATASET_NOTES = {
    "phantom": "Synthetic CT (phantom), not patients: not comparable with the paper.",
    "sample": "A small sample of real data: the path, not a score to compare with the paper.",
    "deeplesion": "DeepLesion.",
}


@dataclass(frozen=True)
class TablePage:
    """A table, the differences between its lines, and what is said of them.

    Attributes:
        title: Heading.
        table: As `maknet.reporting.tables.paper_tables` makes it.
        differences: As `maknet.reporting.tables.differences` makes it.
        notes: Sentences below it, behind what holds for all tables.
    """

    title: str
    table: pd.DataFrame
    differences: pd.DataFrame
    notes: Sequence[str] = ()


def write_table(
    page: TablePage, outputs: Mapping[str, str | Path], root_of: Callable[[str | Path], str]
) -> None:
    """Write a table for machines and for people.

    Args:
        page: The table.
        outputs: Paths of `csv`, `difference` (CSV), `markdown` and `html`.
        root_of: Returns the root of a file that is written: it stands below the table.
    """
    write_frame(outputs["csv"], page.table)
    write_frame(outputs["difference"], page.differences)
    sections = {
        "Paired differences": differences_for_people(page.differences),
        "Means over all labels, as the paper prints them": _for_people(page.table),
        "Means over frequent labels": _frequent_for_people(page.table),
    }
    root = root_of(outputs["csv"])
    named = f"Root of {Path(outputs['csv']).name}:"
    note = " ".join([*_notes(page.table), *page.notes])
    parts = [f"## {n}\n\n{markdown_table(t)}" for n, t in sections.items() if len(t)]
    text = "\n\n".join([f"# {page.title}", *parts, note, f"{named} `{root}`"])
    write_text(outputs["markdown"], f"{text}\n")
    write_page(outputs["html"], sections, page.title, f"{note} {named} {root}")


def arithmetic_notes(networks: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a sentence on how networks were trained, none where plainly in float32.

    Args:
        networks: `network.json` of the table's networks.
    """
    found = {(n.get("precision", "float32"), n.get("compiled", False)) for n in networks}
    return [
        f"Trained in {precision}{' with compiled steps' if compiled else ''}, scored in float32."
        for precision, compiled in sorted(found - {("float32", False)})
    ]


def differences_for_people(paired: pd.DataFrame) -> pd.DataFrame:
    """Return text cells: one row per pair and test set, the measures whose intervals hold."""
    held = differences(int(paired["seeds"].max()))
    rows = []
    for (pair, test_set), group in paired.groupby(["difference_of", "test_set"], sort=False):
        by_measure = group.set_index(["metric", "labels"])
        cells = {}
        for measure in (name for name in _COMPARED if name in held):
            metric = measure.removesuffix("_frequent")
            labels = "all" if metric == measure else "frequent"
            values = by_measure.loc[(metric, labels), ["difference", "low", "high", "sd"]]
            cells[f"{_TITLES[metric]}, {labels} labels"] = _cell(*values.astype(float))
        rows.append({"Difference": pair, "Test set": _SET_TITLES[str(test_set)], **cells})
    return pd.DataFrame(rows)


def _for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return text cells of the means over all labels, with the paper's columns."""
    shown = _heads(table)
    for name, set_title in _SET_TITLES.items():
        for metric in METRICS:
            shown[f"{_TITLES[metric]}, {set_title}"] = _cells(table, f"{name}_{metric}")
        counts = zip(table[f"{name}_never_predicted"], table[f"{name}_evaluable"], strict=True)
        shown[f"Never predicted, {set_title}"] = [f"{n:g} of {total:g}" for n, total in counts]
        standard = _cells(table, f"{name}_precision_standard")
        shown[f"Precision with 0 for these, {set_title}"] = standard
    return shown


def _frequent_for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return text cells of the means over frequent labels, with intervals where they hold."""
    shown = _heads(table)
    for name, set_title in _SET_TITLES.items():
        for metric in (*METRICS, "average_precision"):
            cells = _cells(table, f"{name}_{metric}_frequent")
            shown[f"{_TITLES[metric]}, {set_title}"] = cells
        shown[f"Labels, {set_title}"] = [f"{n:g}" for n in table[f"{name}_frequent"]]
    return shown


def _heads(table: pd.DataFrame) -> pd.DataFrame:
    shown = pd.DataFrame({"Dataset": table["dataset"]})
    if "arch" in table:
        shown["Arch"] = table["arch"]
        shown["Parameters"] = [f"{n:,}" for n in table["parameters"]]
        shown["At paper size"] = [f"{n:,}" for n in table["paper_size_parameters"]]
    for key, title in {"method": "Method", "cell": "Cell", "start": "LesaNet from"}.items():
        if key in table:
            shown[title] = table[key]
    if "iteration" in table:
        names = {TEACHER: "0 (teacher)", CONTROL: "control (no pseudo-labels)"}
        shown["Iteration"] = [names.get(str(n), str(n)) for n in table["iteration"]]
    return shown


def _cells(table: pd.DataFrame, column: str) -> list[str]:
    """Return the text cells of a measure, with an interval where the table has one."""
    undefined = pd.Series(math.nan, table.index)
    ends = [table.get(column + end, undefined) for end in ("", "_low", "_high", "_sd")]
    return [_cell(*cell) for cell in zip(*ends, strict=True)]


def _cell(value: float, low: float, high: float, deviation: float) -> str:
    """Return a value with its spread and interval; undefined ones are NaN."""
    if math.isnan(value):
        return "-"
    spread = "" if math.isnan(deviation) else f" ± {deviation:.4f}"
    bounds = "" if math.isnan(low) or math.isnan(high) else f" ({low:.3f} to {high:.3f})"
    return f"{value:.4f}{spread}{bounds}"


def _notes(table: pd.DataFrame) -> list[str]:
    notes = [f"Data: {DATASET_NOTES[str(table['dataset'].iloc[0])]}"]
    scaled = sorted({float(w) for w in table["width"]} - {1.0})
    if scaled:
        widths = ", ".join(f"{w:g}" for w in scaled)
        notes.append(f"The networks are scaled in width ({widths}); the paper's have width 1.")
    notes.append(
        "Means over labels, by LesaNet's convention: the precision of a label that is never "
        f"predicted counts as 1. Frequent labels have at least {MIN_POSITIVES} positives in the "
        "test set."
    )
    seeds = int(table["seeds"].iloc[0])
    if seeds > 1:
        notes.append(
            f"Means over {seeds} seeds ± their standard deviation; in brackets the interval for "
            "the scatter of patients and of seeds together."
        )
    else:
        notes.append(
            "One seed: the interval in brackets is that of patients alone, and the scatter of "
            "training, which can be larger than a difference, is not in it."
        )
    return [*notes, REASON]
