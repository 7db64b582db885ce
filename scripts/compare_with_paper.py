"""Rule beside_the_paper: one of our tables beside the paper's."""

from pathlib import Path

import pandas as pd

from maknet.files import write_frame
from maknet.jobs import job
from maknet.reporting.beside_paper import beside_paper


def main(number: int, table: Path, paper: Path, csv: Path) -> None:
    printed = pd.read_csv(paper, dtype={"row": str})
    write_frame(csv, beside_paper(number, pd.read_csv(table), printed))


if __name__ == "__main__":
    with job(snakemake, "compare_with_paper.py"):
        main(
            int(snakemake.wildcards.number),
            Path(snakemake.input.table),
            Path(snakemake.input.paper),
            Path(snakemake.output.csv),
        )
