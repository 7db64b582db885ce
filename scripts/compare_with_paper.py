"""Rule compare_with_paper: one of our tables beside the paper's."""

from pathlib import Path

import pandas as pd

from maknet.files import write_frame
from maknet.jobs.script import run_script
from maknet.reporting.tables.paper_comparison import compare_with_paper


def main(number: str, table: Path, paper: Path, csv: Path) -> None:
    printed = pd.read_csv(paper, dtype={"row": str})
    write_frame(csv, compare_with_paper(int(number), pd.read_csv(table), printed))


if __name__ == "__main__":
    run_script(snakemake, main)
