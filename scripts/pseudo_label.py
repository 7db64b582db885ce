"""Rule pseudo_label: labels for all unlabeled images by the network of the round before."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.data.labels.ontology import exclusive_matrix
from maknet.data.labels.pseudo_labels import save_pseudo_labels
from maknet.data.shards.pool import ConcatShards
from maknet.files import read_json
from maknet.inference.pseudo_labeling import label_images
from maknet.jobs.script import run_script
from maknet.leakage.exclusion import read_excluded
from maknet.models.build import load_network, read_description
from maknet.models.device import open_device


def main(
    weights: Path, network: Path, relations: Path, shards: Sequence[Path], excluded: Path,
    labels: Path,
    pseudo_labels: Mapping[str, Any], batch_size: int, device: str, threads: int,
    config: Mapping[str, Any],
) -> None:  # fmt: skip
    on = open_device(device, threads)
    known = read_json(relations)
    names = known["names"]
    exclusive = exclusive_matrix(known["exclusive_pairs"], len(names))
    model = load_network(weights, read_description(network)).to(on)
    pool = ConcatShards(shards)
    labeled = label_images(
        model, pool, names, exclusive, pseudo_labels["top"],
        pseudo_labels["threshold"], batch_size, on, config["jobs"]["loader_threads"],
        read_excluded(excluded, pool),
    )  # fmt: skip
    save_pseudo_labels(labels, labeled)


if __name__ == "__main__":
    run_script(snakemake, main)
