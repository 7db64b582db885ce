"""Rule describe_architecture: the parts of the trained MAKNet, read off the network object."""

from pathlib import Path

from maknet.files import write_json
from maknet.jobs.script import run_script
from maknet.models.architecture import describe_architecture
from maknet.models.build import load_network, read_description


def main(weights: Path, network: Path, size: int, architecture: Path) -> None:
    description = read_description(network)
    described = describe_architecture(load_network(weights, description), size)
    write_json(architecture, {**described, "width": description["width"]})


if __name__ == "__main__":
    run_script(snakemake, main)
