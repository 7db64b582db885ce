"""Rule draw_contact_sheet: a sample of the accepted and of the refused series."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.reporting.figures.contact_sheet import draw_contact_sheet
from maknet.reporting.figures.style import save_figure


def main(
    tables: Sequence[Path], thumbnails: Sequence[Path], dataset: str, per_status: int, seed: int,
    target: Path,
) -> None:  # fmt: skip
    figure = draw_contact_sheet(tables, thumbnails, dataset, per_status, seed)
    save_figure(figure, [target], dpi=100)


if __name__ == "__main__":
    run_script(snakemake, main)
