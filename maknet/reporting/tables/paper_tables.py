"""The paper's tables: one row per line, the paper's columns first.

Behind them stand what the printed numbers hide: the same means over frequent labels with intervals,
the usual precision, the average precision, the labels never predicted, and the spread over seeds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from maknet.reporting.tables.runs import Repeated, metric_columns, numeric

KEYS = {1: "arch", 2: "iteration", 3: "method"}  # the column that names the lines of each table
TEACHER, CONTROL = "0", "control"  # lines of table 2; the others are its rounds
GENERIC = {"imagenet": "ImageNet", "textures": "synthetic textures, in place of ImageNet"}
METHODS = {
    **{key: f"LesaNet ({name})" for key, name in GENERIC.items()},
    "tcia": "LesaNet (TCIA)",
    "phantom": "LesaNet (phantom CT, in place of TCIA)",
    "folder": "LesaNet (own CT, in place of TCIA)",
}


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Attributes:
        title: What it is called.
        run: Name of its run, without seed.
        scores: What it scored, for each seed.
        network: Its `network.json`.
    """

    title: str
    run: str
    scores: Repeated
    network: Mapping[str, Any] = field(default_factory=dict)


def network_title(network: Mapping[str, Any], generic: str | None) -> str:
    """Return the title of a line of Table 1.

    Args:
        network: Its `network.json`.
        generic: Where its pretrained backbone is from, a key of `GENERIC`; None for random weights.
    """
    title = str(network["title"])
    if title == "MAKNet":
        return title
    return f"{title} ({GENERIC[generic] if generic else 'random weights'})"


def scratch_title(learning_rate: float) -> str:
    """Return the title of a line of Table 3 that starts from random weights."""
    return f"LesaNet (random weights, learning rate {learning_rate:g})"


def paper_table(
    number: int, dataset: str, lines: Sequence[Line], confidence: float
) -> pd.DataFrame:
    """Return one of the paper's tables.

    Args:
        number: 1: networks; 2: the teacher, the control without pseudo-labels and the student of
            every round; 3: what LesaNet starts from.
        dataset: `deeplesion`, `phantom` or `sample`.
        lines: Its lines.
        confidence: Confidence of the intervals.
    """
    return line_table(KEYS[number], dataset, lines, confidence)


def line_table(key: str, dataset: str, lines: Sequence[Line], confidence: float) -> pd.DataFrame:
    """Return a table of the paper's form.

    Args:
        key: The column that names its lines; networks are `arch`, which have their parameters.
        dataset: `deeplesion`, `phantom` or `sample`.
        lines: Its lines.
        confidence: Confidence of the intervals.
    """
    rows = []
    for line in lines:
        row = {"dataset": dataset, key: line.title}
        if key == "arch":
            row["parameters"] = line.network["parameters"]
        row |= metric_columns(line.scores, confidence)
        row["width"] = line.network["width"]
        if key == "arch":
            row["paper_size_parameters"] = line.network["paper_size_parameters"]
        rows.append({**row, "run": line.run})
    return numeric(pd.DataFrame(rows))
