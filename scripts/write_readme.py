"""Rule write_readme: all tables and figures on one Markdown page."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.provenance.lineage import recorded_name, result_roots
from maknet.provenance.records import read_records
from maknet.provenance.roots import joined_root
from maknet.reporting.tables.readme import write_readme
from maknet.reporting.tables.writer import DATASET_NOTES


def main(
    dataset: str, tables: Sequence[Path], results: Sequence[Path], captions: Mapping[str, str],
    readme: Path,
) -> None:  # fmt: skip
    names = [recorded_name(str(path)) for path in results]
    roots = result_roots(names, read_records(readme.parent))
    note = f"Data: {DATASET_NOTES[dataset]}"
    write_readme(readme, note, tables, captions, roots, joined_root(roots))


if __name__ == "__main__":
    run_script(snakemake, main)
