"""Rule readme: all tables and figures on one Markdown page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.jobs import job
from maknet.reporting.readme import write_readme
from maknet.reporting.table_files import DATASET_NOTES


def main(dataset: str, tables: Sequence[str], captions: Mapping[str, str], readme: Path) -> None:
    write_readme(readme, f"Data: {DATASET_NOTES[dataset]}", tables, captions)


if __name__ == "__main__":
    with job(snakemake, "write_readme.py"):
        main(
            snakemake.params.dataset,
            snakemake.input.tables,
            snakemake.params.captions,
            Path(snakemake.output.readme),
        )
