"""Rule table1: the networks side by side."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs import job
from maknet.reporting.tables import table1, write_table


def main(
    dataset: str, networks: Sequence[str], metrics: Sequence[str],
    csv: Path, markdown: Path, html: Path,
) -> None:  # fmt: skip
    title = f"Table 1: multi-label classification ({dataset})"
    write_table(table1(dataset, networks, metrics), title, csv, markdown, html)


if __name__ == "__main__":
    with job(snakemake, "make_table1.py"):
        main(
            snakemake.params.dataset,
            snakemake.input.networks,
            snakemake.input.metrics,
            Path(snakemake.output.csv),
            Path(snakemake.output.markdown),
            Path(snakemake.output.html),
        )
