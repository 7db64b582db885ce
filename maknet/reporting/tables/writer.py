"""A table as CSV, Markdown and HTML. CSV is the result, the others are for reading."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from maknet.files import write_frame, write_text
from maknet.metrics.multilabel import METRICS
from maknet.reporting.tables.html_page import write_page

_TITLES = {"auc": "AUC", "f1": "F1 score", "precision": "Precision", "recall": "Recall"}
_SET_TITLES = {"text_mined": "text-mined", "hand_labeled": "hand-labeled"}
DATASET_NOTES = {
    "phantom": "Drawn CT (phantom), not patients: not comparable with the paper.",
    "sample": "A small sample of real data: the path, not a score to compare with the paper.",
    "deeplesion": "DeepLesion.",
}


def write_table(
    table: pd.DataFrame, title: str, notes: Sequence[str], csv: str | Path, markdown: str | Path,
    html: str | Path,
) -> None:  # fmt: skip
    """Write a table three times.

    Args:
        table: As `maknet.reporting.tables.paper_tables` makes it.
        title: Its heading.
        notes: Sentences below it, behind what holds for all tables.
        csv: The result.
        markdown: For a terminal or a forge.
        html: For a browser.
    """
    write_frame(csv, table)
    shown = _for_people(table)
    note = " ".join([*_notes(table), *notes])
    write_text(markdown, f"# {title}\n\n{_markdown(shown)}\n\n{note}\n")
    write_page(html, shown, title, note)


def _for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return text cells: four decimals and the interval, titles as the paper's."""
    shown = pd.DataFrame({"Dataset": table["dataset"]})
    if "arch" in table:
        shown["Arch"] = table["arch"]
        shown["Parameters"] = [f"{n:,}" for n in table["parameters"]]
        shown["At paper size"] = [f"{n:,}" for n in table["paper_size_parameters"]]
    if "method" in table:
        shown["Method"] = table["method"]
    if "iteration" in table:
        shown["Iteration"] = ["0 (teacher)" if n == 0 else f"{n}" for n in table["iteration"]]
    for name, set_title in _SET_TITLES.items():
        for metric in METRICS:
            column = f"{name}_{metric}"
            parts = [table[column + end] for end in ("", "_low", "_high", "_sd")]
            cells = [_cell(*cell) for cell in zip(*parts, strict=True)]
            shown[f"{_TITLES[metric]}, {set_title}"] = cells
        never_predicted = zip(
            table[f"{name}_never_predicted"], table[f"{name}_evaluable"], strict=True
        )
        shown[f"Never predicted, {set_title}"] = [
            f"{n:g} of {total:g}" for n, total in never_predicted
        ]
    return shown


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
    seeds = int(table["seeds"].iloc[0])
    if seeds > 1:
        notes.append(f"Means over {seeds} seeds ± their standard deviation.")
    notes.append(
        "Means over labels, by LesaNet's convention: the precision of a label that is never "
        "predicted counts as 1. In brackets: bootstrap interval over patients."
    )
    return notes


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
