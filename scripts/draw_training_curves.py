"""Rule draw_training_curves: loss and validation metrics of all trainings in one figure."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.reporting.figures.training_curves import draw_training_curves


def main(histories: Sequence[Path], dataset: str, png: Path, pdf: Path) -> None:
    draw_training_curves({path.parent.name: path for path in histories}, dataset, [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
