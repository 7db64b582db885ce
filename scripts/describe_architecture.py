"""Rule describe_architecture: the parts of the trained MAKNet, read off the network object."""

from maknet.files import read_json, write_json
from maknet.jobs import job
from maknet.models.architecture import describe_architecture
from maknet.models.build import load_run


def main(weights: str, network: str, size: int, output: str) -> None:
    description = read_json(network)
    described = describe_architecture(load_run(weights, description), size)
    write_json(output, {**described, "width": description["width"]})


if __name__ == "__main__":
    with job(snakemake, "describe_architecture.py"):
        main(
            snakemake.input.weights,
            snakemake.input.network,
            snakemake.params.size,
            snakemake.output.architecture,
        )
