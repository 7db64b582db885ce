"""Rule summarize_series: what became of every unlabeled series."""

from collections.abc import Sequence
from pathlib import Path

from maknet.data.series_batch import summarize_batches
from maknet.jobs import job


def main(series: Sequence[str], rejected: Path, funnel: Path) -> None:
    summarize_batches(series, rejected, funnel)


if __name__ == "__main__":
    with job(snakemake, "summarize_series.py"):
        main(snakemake.input.series, Path(snakemake.output.rejected), Path(snakemake.output.funnel))
