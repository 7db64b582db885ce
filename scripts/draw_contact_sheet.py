"""Rule contact_sheet: a sample of the accepted and of the refused series."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs import job
from maknet.reporting.contact_sheet import draw_contact_sheet


def main(
    tables: Sequence[str], previews: Sequence[str], dataset: str, per_status: int, seed: int,
    target: Path,
) -> None:  # fmt: skip
    draw_contact_sheet(tables, previews, dataset, per_status, seed, target)


if __name__ == "__main__":
    with job(snakemake, "draw_contact_sheet.py"):
        main(
            snakemake.input.tables,
            snakemake.input.previews,
            snakemake.params.dataset,
            snakemake.params.per_status,
            snakemake.params.seed,
            Path(snakemake.output.sheet),
        )
