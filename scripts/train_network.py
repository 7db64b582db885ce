"""Rules train_maknet, train_vgg16, train_resnet18: one network of table 1."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from maknet.data.labeled import load_labeled
from maknet.files import read_json, write_json
from maknet.jobs import job, logger
from maknet.models.build import build_network, describe_network, save_weights
from maknet.models.device import find_device
from maknet.models.imagenet import use_imagenet
from maknet.seeding import make_deterministic, seed_torch
from maknet.training.history import history_to_csv
from maknet.training.loop import TrainingSettings, train


def main(
    inputs: Mapping[str, str], outputs: Mapping[str, str], arch: str, network: Mapping[str, Any],
    settings: TrainingSettings, seed: int, device_name: str, threads: int,
) -> None:  # fmt: skip
    device = find_device(device_name)
    torch.set_num_threads(threads)
    make_deterministic()
    relations = read_json(inputs["relations"])
    training, validation = (
        load_labeled(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
        for split in ("train", "val")
    )
    if inputs.get("imagenet"):
        use_imagenet(inputs["imagenet"])
    seed_torch(seed, "weights", arch)
    model = build_network(arch, len(relations["names"]), **network)
    description = describe_network(arch, len(relations["names"]), network)
    logger.info("%s: %s parameters, %d images", arch, f"{description['parameters']:,}",
                len(training.labels))  # fmt: skip
    events = Path(outputs["events"])
    weights = train(
        model, training, validation, relations["parents"], settings, seed, device, events
    )
    model.load_state_dict(weights)
    save_weights(outputs["weights"], model, {"arch": arch})
    write_json(outputs["network"], description)
    history_to_csv(events, Path(outputs["history"]))


if __name__ == "__main__":
    with job(snakemake, "train_network.py"):
        main(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            snakemake.params.arch,
            snakemake.params.network,
            TrainingSettings(
                **snakemake.params.training,
                **snakemake.params.loss,
                threshold_grid=snakemake.params.threshold_grid,
            ),
            snakemake.params.seed,
            snakemake.params.device,
            snakemake.threads,
        )
