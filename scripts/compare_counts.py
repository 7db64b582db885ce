"""Rule compare_counts: the counts that the paper's text states beside this run's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.config.inputs import listed_series
from maknet.data.labels.label_table import SPLITS
from maknet.files import read_rows, write_rows
from maknet.jobs.script import run_script
from maknet.reporting.tables.paper_counts import (
    COLUMNS,
    compare_counts,
    count_labeled,
    count_labels,
    count_networks,
    count_training,
    count_unlabeled,
)


def main(
    inputs: Mapping[str, Path], indices: Sequence[Path], tables: Sequence[Path],
    config: Mapping[str, Any], dataset: str, training: Mapping[str, Any],
    student: Mapping[str, Any], pseudo_labels: Mapping[str, Any], csv: Path,
) -> None:  # fmt: skip
    listed = listed_series(config) if config["unlabeled"]["source"] == "tcia" else []
    images = dict(zip(SPLITS, indices, strict=True))
    ours = count_labels(inputs["label_counts"], inputs["lesion_label_counts"])
    ours |= count_labeled(inputs["dl_info"], inputs["hand"], images)
    ours |= count_unlabeled(tables, listed)
    rounds = read_rows(inputs["rounds"])
    ours |= count_training(ours, training, student, pseudo_labels, rounds)
    ours |= count_networks(pd.read_csv(inputs["table1"]))
    write_rows(csv, COLUMNS, compare_counts(dataset, ours, read_rows(inputs["paper"])))


if __name__ == "__main__":
    run_script(snakemake, main)
