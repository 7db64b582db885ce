"""Rule draw_training_curves: loss and validation metrics of all trainings in one figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from maknet.jobs.script import run_script
from maknet.reporting.figures.style import save_figure
from maknet.reporting.figures.training_curves import draw_training_curves


def main(
    histories: Sequence[Path], dataset: str, epochs: Mapping[str, Sequence[int]], png: Path,
    pdf: Path,
) -> None:  # fmt: skip
    runs = {path.parent.name: path for path in histories}
    save_figure(draw_training_curves(runs, dataset, epochs), [png, pdf])


if __name__ == "__main__":
    run_script(snakemake, main)
