"""Rule draw_noisy_student: figure 2, with the numbers of this run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from maknet.files import read_json, read_rows
from maknet.jobs.script import run_script
from maknet.reporting.figures.noisy_student import draw_noisy_student
from maknet.reporting.figures.style import save_figure


def main(
    train_index: Path, relations: Path, rounds: Path, settings: Mapping[str, Any], dataset: str,
    png: Path, pdf: Path,
) -> None:  # fmt: skip
    figure = draw_noisy_student(
        len(read_rows(train_index)), len(read_json(relations)["names"]), pd.read_csv(rounds),
        settings, dataset,
    )  # fmt: skip
    save_figure(figure, [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
