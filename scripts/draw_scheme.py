"""Rule figure2: the noisy student with the numbers of this run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.files import read_json, read_rows
from maknet.jobs import job
from maknet.reporting.scheme_figure import draw_scheme


def main(
    train_index: str, relations: str, rounds: str, settings: Mapping[str, Any], dataset: str,
    outputs: Mapping[str, str],
) -> None:  # fmt: skip
    draw_scheme(
        len(read_rows(train_index)), len(read_json(relations)["names"]), pd.read_csv(rounds),
        settings, dataset, [Path(outputs["png"]), Path(outputs["pdf"])],
    )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "draw_scheme.py"):
        main(
            snakemake.input.train_index,
            snakemake.input.relations,
            snakemake.input.rounds,
            snakemake.params.settings,
            snakemake.params.dataset,
            dict(snakemake.output.items()),
        )
