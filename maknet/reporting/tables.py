"""The paper's tables as CSV, Markdown and HTML.

One row a line of the paper's table, the paper's columns first. Behind them stand what the printed
numbers hide: intervals, the usual convention for precision, and the labels never predicted.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.files import atomic_path, read_json, write_text
from maknet.metrics.multilabel import METRICS

TEST_SETS = {"test": "text_mined", "hand": "hand_labeled"}
_TITLES = {"auc": "AUC", "f1": "F1 score", "precision": "Precision", "recall": "Recall"}
_SET_TITLES = {"text_mined": "text-mined", "hand_labeled": "hand-labeled"}
_DATASET_NOTES = {
    "phantom": "Drawn CT (phantom), not patients: not comparable with the paper.",
    "sample": "A small sample of real data: the path, not a score to compare with the paper.",
    "deeplesion": "DeepLesion.",
}


def table1(
    dataset: str, networks: Sequence[str | Path], metrics: Sequence[str | Path]
) -> pd.DataFrame:
    """Return Table 1: one row a network.

    Args:
        dataset: `deeplesion`, `phantom` or `sample`.
        networks: `network.json` of each run.
        metrics: Metrics of each run, in the same order.
    """
    rows = []
    for network_path, metrics_path in zip(networks, metrics, strict=True):
        network = read_json(network_path)
        row = {
            "dataset": dataset,
            "arch": network["title"],
            "parameters": network["parameters"],
            **metric_columns(read_json(metrics_path)),
            "width": network["width"],
            "paper_size_parameters": network["paper_size_parameters"],
        }
        rows.append(row)
    table = pd.DataFrame(rows)
    undefined = [name for name in table.columns if table[name].dtype == object]
    numbers = [name for name in undefined if name not in ("dataset", "arch")]
    return table.astype(dict.fromkeys(numbers, float))


def metric_columns(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of one run: the paper's eight, then what stands behind them."""
    printed, behind = {}, {}
    for split, name in TEST_SETS.items():
        summary, interval = metrics[split]["summary"], metrics[split]["intervals"]
        for metric in METRICS:
            printed[f"{name}_{metric}"] = summary[metric]
            low, high = interval[metric] or (None, None)
            behind[f"{name}_{metric}_low"], behind[f"{name}_{metric}_high"] = low, high
        for extra in ("precision_standard", "never_predicted", "evaluable"):
            behind[f"{name}_{extra}"] = summary[extra]
    return printed | behind


def write_table(
    table: pd.DataFrame, title: str, csv: str | Path, markdown: str | Path, html: str | Path
) -> None:
    """Write a table three times: CSV is the result, the others are for reading."""
    with atomic_path(csv) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    shown = _for_people(table)
    note = _note(table)
    write_text(markdown, f"# {title}\n\n{_markdown(shown)}\n\n{note}\n")
    body = shown.to_html(index=False, border=0, na_rep="-")
    write_text(
        html,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>\n'
        f"<h1>{title}</h1>\n{body}\n<p>{note}</p></html>\n",
    )


def _for_people(table: pd.DataFrame) -> pd.DataFrame:
    """Return text cells: four decimals and the interval, titles as the paper's."""
    shown = pd.DataFrame({"Dataset": table["dataset"], "Arch": table["arch"]})
    shown["Parameters"] = [f"{n:,}" for n in table["parameters"]]
    shown["At paper size"] = [f"{n:,}" for n in table["paper_size_parameters"]]
    for name, set_title in _SET_TITLES.items():
        for metric in METRICS:
            column = f"{name}_{metric}"
            cells = zip(table[column], table[f"{column}_low"], table[f"{column}_high"], strict=True)
            shown[f"{_TITLES[metric]}, {set_title}"] = [_cell(*cell) for cell in cells]
        silent = zip(table[f"{name}_never_predicted"], table[f"{name}_evaluable"], strict=True)
        shown[f"Never predicted, {set_title}"] = [f"{n} of {total}" for n, total in silent]
    return shown


def _cell(value: float, low: float, high: float) -> str:
    """Return a value with its interval; undefined ones are NaN."""
    if math.isnan(value):
        return "-"
    if math.isnan(low) or math.isnan(high):
        return f"{value:.4f}"
    return f"{value:.4f} ({low:.3f} to {high:.3f})"


def _note(table: pd.DataFrame) -> str:
    dataset = str(table["dataset"].iloc[0])
    scaled = sorted({float(w) for w in table["width"]} - {1.0})
    parts = [f"Data: {_DATASET_NOTES[dataset]}"]
    if scaled:
        widths = ", ".join(f"{w:g}" for w in scaled)
        parts.append(f"The networks are scaled in width ({widths}); 'At paper size' is width 1.")
    parts.append(
        "Means over labels, by LesaNet's convention: the precision of a label that is never "
        "predicted counts as 1. In brackets: bootstrap interval over patients."
    )
    return " ".join(parts)


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + " --- |" * len(table.columns)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
