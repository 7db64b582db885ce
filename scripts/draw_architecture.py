"""Rule draw_architecture: figure 1."""

from pathlib import Path

from maknet.files import read_json
from maknet.jobs.script import run_script
from maknet.reporting.figures.architecture import draw_architecture
from maknet.reporting.figures.style import save_figure


def main(architecture: Path, dataset: str, png: Path, pdf: Path) -> None:
    described = read_json(architecture)
    save_figure(draw_architecture(described, dataset, described["width"]), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
