"""Rule pseudo_label: labels for all unlabeled images by the network of the round before."""

from collections.abc import Sequence
from pathlib import Path

import torch

from maknet.data.ontology import exclusive_matrix
from maknet.data.pool import ImagePool
from maknet.data.pseudo_labels import save_pseudo_labels
from maknet.files import read_json
from maknet.inference.unlabeled import label_images
from maknet.jobs import job
from maknet.models.build import load_run
from maknet.models.device import find_device


def main(
    weights: Path, network: Path, relations_path: Path, shards: Sequence[str], labels: Path,
    top: int, threshold: float, batch_size: int, device_name: str, threads: int,
    loader_threads: int,
) -> None:  # fmt: skip
    device = find_device(device_name)
    torch.set_num_threads(threads)
    relations = read_json(relations_path)
    names = relations["names"]
    exclusive = exclusive_matrix(relations["exclusive_pairs"], len(names))
    model = load_run(weights, read_json(network)).to(device)
    labeled = label_images(
        model, ImagePool(shards), names, exclusive, top, threshold, batch_size, device,
        loader_threads,
    )  # fmt: skip
    save_pseudo_labels(labels, labeled)


if __name__ == "__main__":
    with job(snakemake, "pseudo_label.py"):
        main(
            Path(snakemake.input.weights),
            Path(snakemake.input.network),
            Path(snakemake.input.relations),
            snakemake.input.shards,
            Path(snakemake.output.labels),
            snakemake.params.rule["top"],
            snakemake.params.rule["threshold"],
            snakemake.params.batch_size,
            snakemake.params.device,
            snakemake.threads,
            snakemake.config["jobs"]["loader_threads"],
        )
