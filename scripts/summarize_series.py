"""Rule summarize_series: what became of every unlabeled series."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.ct.series_batch import summarize_batches
from maknet.jobs.script import run_script


def main(tables: Sequence[Path], rejected: Path, funnel: Path) -> None:
    summarize_batches(tables, rejected, funnel)


if __name__ == "__main__":
    run_script(snakemake, main)
