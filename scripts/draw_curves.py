"""Rule curves: the course of all trainings in one figure."""

from collections.abc import Sequence
from pathlib import Path

from maknet.jobs import job
from maknet.reporting.curves import plot_curves


def main(histories: Sequence[str], dataset: str, plots: Sequence[Path]) -> None:
    plot_curves({Path(path).parent.name: Path(path) for path in histories}, dataset, plots)


if __name__ == "__main__":
    with job(snakemake, "draw_curves.py"):
        main(
            snakemake.input.histories,
            snakemake.params.dataset,
            [Path(snakemake.output.png), Path(snakemake.output.pdf)],
        )
