"""Figures 3 and 4 in numbers: the confidence lost to each perturbation, over the whole test set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from maknet.reporting.figures.style import COLORS, MARKERS, paper_style, save_figure

Studies = Mapping[str, Mapping[str, NDArray[Any]]]
_CHANGES = ("replaced", "black", "deleted")


def perturbation_table(dataset: str, studies: Studies) -> pd.DataFrame:
    """Return one row per network and perturbation.

    Args:
        dataset: Name of the data.
        studies: Arrays of `maknet.explain.study.explain_images` by network title.

    Returns:
        Columns: `confidence` and `confidence_after` (mean probability of the original's top
        labels), `drop`, `drop_sd` over images, and `top_kept` (share of the top labels that stay).
    """
    rows = []
    for title, arrays in studies.items():
        before = arrays["followed"][:, 0].mean(1)
        original = arrays["labels"][:, 0]
        for place, change in enumerate(_CHANGES, 1):
            after = arrays["followed"][:, place].mean(1)
            now = arrays["labels"][:, place]
            kept = (original[:, :, None] == now[:, None, :]).any(2).mean()
            drop = before - after
            rows.append({
                "dataset": dataset, "arch": title, "change": change, "images": len(before),
                "confidence": before.mean(), "confidence_after": after.mean(),
                "drop": drop.mean(), "drop_sd": drop.std(), "top_kept": kept,
            })  # fmt: skip
    return pd.DataFrame(rows)


def deletion_table(dataset: str, studies: Studies, fractions: Sequence[float]) -> pd.DataFrame:
    """Return one row per network, way of choosing pixels, and deleted fraction.

    Args:
        dataset: Name of the data.
        studies: Arrays of `maknet.explain.study.explain_images` by network title.
        fractions: Deleted fractions of the pixels, in the order of the arrays.

    Returns:
        Columns: `chosen_by` (`attribution`, or `chance` as a control), `fraction`, `confidence`
        (mean over images) and its standard error `confidence_se`.
    """
    rows = []
    for title, arrays in studies.items():
        for field in ("by_attribution", "by_chance"):
            for place, fraction in sorted(enumerate(fractions), key=lambda pair: pair[1]):
                values = arrays[field][:, place]
                rows.append({
                    "dataset": dataset, "arch": title, "chosen_by": field.removeprefix("by_"),
                    "fraction": fraction, "confidence": values.mean(),
                    "confidence_se": values.std() / np.sqrt(len(values)),
                })  # fmt: skip
    return pd.DataFrame(rows)


def draw_deletion(table: pd.DataFrame, paths: Sequence[Path]) -> None:
    """Draw the confidence against the deleted fraction, by attribution and by chance.

    Args:
        table: Table that `deletion_table` returned.
        paths: PNG and PDF files to write.
    """
    with paper_style():
        figure = Figure(figsize=(4.6, 3.2), layout="constrained")
        axes = figure.subplots()
        for place, (arch, lines) in enumerate(table.groupby("arch", sort=False)):
            for chosen, dash in (("attribution", "-"), ("chance", "--")):
                part = lines[lines["chosen_by"] == chosen]
                axes.errorbar(
                    100 * part["fraction"], part["confidence"], part["confidence_se"], ls=dash,
                    color=COLORS[place], marker=MARKERS[place], ms=4, capsize=2,
                    label=f"{arch}, by {chosen}",
                )  # fmt: skip
        axes.set_xlabel("deleted pixels in percent")
        axes.set_ylabel("mean confidence of the\noriginal's top labels")
        axes.set_ylim(bottom=0)
        axes.legend()
        figure.suptitle(f"Deletion over the hand-labeled set (data: {table['dataset'].iloc[0]})")
        save_figure(figure, paths)
