"""Rule write_readme: all tables and figures on one Markdown page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.reporting.tables.readme import write_readme
from maknet.reporting.tables.writer import DATASET_NOTES


def main(dataset: str, tables: Sequence[Path], captions: Mapping[str, str], readme: Path) -> None:
    write_readme(readme, f"Data: {DATASET_NOTES[dataset]}", tables, captions)


if __name__ == "__main__":
    run_script(snakemake, main)
