"""Rule fetch_imagenet: torchvision's ImageNet weights of a network, checked by their hash."""

from pathlib import Path

from maknet.jobs.script import run_script
from maknet.models.imagenet import fetch_imagenet


def main(network: str, weights: Path) -> None:
    fetch_imagenet(network, weights)


if __name__ == "__main__":
    run_script(snakemake, main)
