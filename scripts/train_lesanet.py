"""Rule train_lesanet: LesaNet on the lesions, its backbone pretrained or fresh."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.shards.labeled_patches import load_split
from maknet.files import read_json, write_json
from maknet.jobs.job import logger
from maknet.models.build import NetworkSpec
from maknet.models.transfer import backbone_file, load_backbone
from maknet.training.job import TrainingJob, run_training
from maknet.training.lesanet.recipe import LesaNetSettings, lesanet_recipe


def main(
    training_job: TrainingJob, inputs: Mapping[str, Path], transfer: Path,
    settings: Mapping[str, Any], lesanet: Mapping[str, Any], learning_rate: float,
    evaluation: Mapping[str, Any], seed: int,
) -> None:  # fmt: skip
    device = training_job.open_device()
    relations = read_json(inputs["relations"])
    spec = NetworkSpec("lesanet", len(relations["names"]), settings)
    # The same first weights in all arms, but for the backbone that is replaced.
    network = spec.build(seed, "lesanet")
    backbone = inputs["backbone"]
    loaded = load_backbone(network, backbone_file(backbone)) if backbone else None
    logger.info("backbone: %s", "random weights" if loaded is None else loaded)
    write_json(transfer, loaded)
    recipe = lesanet_recipe(
        load_split(inputs, "train"), load_split(inputs, "val"), relations,
        LesaNetSettings.from_config(lesanet, learning_rate), evaluation, seed, device,
    )  # fmt: skip
    training_job.fit(network, spec, recipe, device)


if __name__ == "__main__":
    run_training(snakemake, main)
