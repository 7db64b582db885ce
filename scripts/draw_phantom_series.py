"""Rule draw_phantom_series: one batch of drawn CT series as DICOM, with its receipt."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.data.phantom.archive import planned_archive, write_series
from maknet.data.receipts import write_receipt
from maknet.jobs import job


def main(numbers: Sequence[str], phantom: Mapping[str, Any], folder: Path, receipt: Path) -> None:
    archive = planned_archive(phantom["seed"], phantom["clean_series"], phantom["nuisances"])
    folders = []
    for number in numbers:
        planned = archive[int(number)]
        folders.append(folder / planned.series_uid)
        write_series(planned, folders[-1], phantom["matrix"])
    write_receipt(receipt, folders)


if __name__ == "__main__":
    with job(snakemake, "draw_phantom_series.py"):
        main(
            snakemake.params.numbers,
            snakemake.params.phantom,
            Path(snakemake.output.series),
            Path(snakemake.output.receipt),
        )
