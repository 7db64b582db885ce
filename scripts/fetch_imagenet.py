"""Rule fetch_imagenet: torchvision's ImageNet weights of a network, checked by their hash."""

from pathlib import Path

from maknet.jobs import job
from maknet.models.imagenet import fetch_imagenet


def main(name: str, target: Path) -> None:
    fetch_imagenet(name, target)


if __name__ == "__main__":
    with job(snakemake, "fetch_imagenet.py"):
        main(snakemake.wildcards.network, Path(snakemake.output.weights))
