"""Rule figure1: the architecture."""

from collections.abc import Mapping
from pathlib import Path

from maknet.files import read_json
from maknet.jobs import job
from maknet.reporting.architecture_figure import draw_architecture


def main(architecture: str, dataset: str, outputs: Mapping[str, str]) -> None:
    described = read_json(architecture)
    paths = [Path(outputs["png"]), Path(outputs["pdf"])]
    draw_architecture(described, dataset, described["width"], paths)


if __name__ == "__main__":
    with job(snakemake, "draw_architecture.py"):
        main(snakemake.input.architecture, snakemake.params.dataset, dict(snakemake.output.items()))
