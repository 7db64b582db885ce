"""Rule summarize_pseudo_labels: the labels of all rounds side by side, as tables and as a plot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maknet.data.labels.class_weights import ClassWeighting, chance_at_threshold
from maknet.data.labels.label_table import load_table
from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.data.labels.pseudo_summary import count_by_label, summarize_rounds
from maknet.files import write_frame
from maknet.jobs.job import logger
from maknet.jobs.script import run_script
from maknet.reporting.figures.pseudo_labels import draw_pseudo_labels
from maknet.reporting.figures.style import save_figure


def main(
    labels: Sequence[Path], train_labels: Path, labelers: Sequence[str], dataset: str,
    loss: Mapping[str, Any], threshold: float, rounds: Path, by_label: Path, png: Path, pdf: Path,
) -> None:  # fmt: skip
    loaded = [load_pseudo_labels(path) for path in labels]
    table = load_table(train_labels)
    counts = table.known.sum(0), (table.positive & table.known).sum(0)
    weights = ClassWeighting.from_config(loss).weights(*counts)
    chances = chance_at_threshold(*weights, threshold)
    typical = float(np.median(chances))
    logger.info(
        "a score of %g is not a probability under these class weights: it stands for a chance of "
        "%.1f %% for the median label", threshold, 100 * typical,
    )  # fmt: skip
    summary, by_name = summarize_rounds(loaded, labelers), count_by_label(loaded, chances)
    summary.insert(0, "dataset", dataset)
    summary["chance_at_threshold"] = typical
    write_frame(rounds, summary)
    write_frame(by_label, by_name)
    save_figure(draw_pseudo_labels(summary, by_name, dataset), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
