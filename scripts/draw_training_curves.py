"""Rule draw_training_curves: loss and validation metrics of all trainings in one figure."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.reporting.figures.style import save_figure
from maknet.reporting.figures.training_curves import draw_training_curves


def main(histories: Sequence[Path], dataset: str, png: Path, pdf: Path) -> None:
    runs = {path.parent.name: path for path in histories}
    save_figure(draw_training_curves(runs, dataset), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
