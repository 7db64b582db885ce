"""Rule list_licenses: which data the run used, under which license, and how to cite them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.jobs.script import run_script
from maknet.provenance.licenses import write_licenses


def main(
    csv: Path, used: Mapping[str, Any], known: Path, attribution: Path, receipts: Sequence[Path]
) -> None:
    write_licenses(csv, used, known, attribution, receipts)


if __name__ == "__main__":
    run_script(snakemake, main)
