"""Rule draw_duplicates: scans that were found twice, side by side."""

from pathlib import Path

from maknet.data.arrays import load_arrays
from maknet.files import read_rows
from maknet.jobs.script import run_script
from maknet.reporting.figures.duplicates import draw_duplicates
from maknet.reporting.figures.style import save_figure


def main(pairs: Path, pictures: Path, dataset: str, target: Path) -> None:
    images = load_arrays(pictures, ["pictures"])["pictures"]
    save_figure(draw_duplicates(read_rows(pairs), images, dataset), [target], dpi=100)


if __name__ == "__main__":
    run_script(snakemake, main)
