"""Rules train_network and pretrain_textures: one network on labeled images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.shards.labeled_images import load_split
from maknet.files import read_json, write_json
from maknet.jobs.job import logger
from maknet.models.build import NetworkSpec
from maknet.models.transfer import backbone_file, load_backbone
from maknet.training.classifier.batches import BatchLoader
from maknet.training.classifier.recipe import FocalSettings, focal_recipe
from maknet.training.classifier.streams import label_counts, labeled_stream
from maknet.training.job import TrainingJob, run_training
from maknet.training.validation import Validation


def main(
    training_job: TrainingJob, inputs: Mapping[str, Path], transfer: Path, arch: str,
    settings: Mapping[str, Any], training: Mapping[str, Any], loss: Mapping[str, Any],
    evaluation: Mapping[str, Any], seed: int,
) -> None:  # fmt: skip
    device = training_job.open_device()
    relations = read_json(inputs["relations"])
    images = load_split(inputs, "train")
    spec = NetworkSpec(arch, len(relations["names"]), settings)
    # The same first weights with and without pretraining, but for the backbone that is replaced.
    network = spec.build(seed, arch)
    backbone = inputs.get("backbone")
    loaded = load_backbone(network, backbone_file(backbone)) if backbone else None
    logger.info("backbone: %s", "random weights" if loaded is None else loaded)
    write_json(transfer, loaded)
    recipe = focal_recipe(
        BatchLoader([labeled_stream(images, training["batch_size"])], seed),
        label_counts(images),
        FocalSettings.from_config(training, loss),
        Validation(load_split(inputs, "val"), relations["parents"], **evaluation),
        seed,
        device,
    )
    training_job.fit(network, spec, recipe, device)


if __name__ == "__main__":
    run_training(snakemake, main)
