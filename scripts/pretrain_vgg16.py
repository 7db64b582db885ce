"""Rule pretrain_vgg16: VGG16 on the unlabeled images and the pseudo-labels of the last round."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.data.shards.labeled_images import load_split
from maknet.data.shards.pool import ConcatShards
from maknet.files import read_json
from maknet.models.build import NetworkSpec
from maknet.training.classifier.batches import BatchLoader
from maknet.training.classifier.recipe import FocalSettings, focal_recipe
from maknet.training.classifier.streams import pseudo_label_counts, pseudo_labeled_stream
from maknet.training.job import TrainingJob, run_training
from maknet.training.validation import Validation


def main(
    training_job: TrainingJob, inputs: Mapping[str, Path], shards: Sequence[Path],
    settings: Mapping[str, Any], pretraining: Mapping[str, Any], loss: Mapping[str, Any],
    evaluation: Mapping[str, Any], seed: int,
) -> None:  # fmt: skip
    device = training_job.open_device()
    relations = read_json(inputs["relations"])
    pseudo = load_pseudo_labels(inputs["pseudo"])
    without_label = pretraining["images_without_label"]
    stream = pseudo_labeled_stream(
        ConcatShards(shards), pseudo, without_label, pretraining["batch_size"]
    )
    recipe = focal_recipe(
        BatchLoader([stream], seed),
        pseudo_label_counts(pseudo, without_label),
        FocalSettings.from_config(pretraining, loss),
        Validation(load_split(inputs, "val"), relations["parents"], **evaluation),
        seed,
        device,
    )
    spec = NetworkSpec("vgg16", len(relations["names"]), settings)
    training_job.fit(spec.build(seed, "vgg16_tcia"), spec, recipe, device)


if __name__ == "__main__":
    run_training(snakemake, main)
