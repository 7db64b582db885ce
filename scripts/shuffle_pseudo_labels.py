"""Rule shuffle_pseudo_labels: the labels of a round dealt out to other images."""

from pathlib import Path

from maknet.data.labels.pseudo_labels import load_pseudo_labels, save_pseudo_labels, shuffled_labels
from maknet.jobs.script import run_script


def main(labels: Path, shuffled: Path, seed: int) -> None:
    save_pseudo_labels(shuffled, shuffled_labels(load_pseudo_labels(labels), seed))


if __name__ == "__main__":
    run_script(snakemake, main)
