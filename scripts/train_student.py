"""Rules train_student, train_control and train_factor: labeled and pseudo-labeled images, noise.

The control has a student's noise, epochs and batches on the labeled images alone; a cell of the
factors has one or the other of these.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.data.shards.labeled_images import load_split
from maknet.data.shards.pool import ConcatShards
from maknet.files import read_json
from maknet.models.build import NetworkSpec
from maknet.training.classifier.augment import Augmentation
from maknet.training.classifier.batches import BatchLoader
from maknet.training.classifier.recipe import FocalSettings, focal_recipe
from maknet.training.classifier.streams import label_counts, labeled_stream, pseudo_labeled_stream
from maknet.training.job import TrainingJob, run_training
from maknet.training.validation import Validation


def main(
    training_job: TrainingJob, inputs: Mapping[str, Path], settings: Mapping[str, Any],
    student: Mapping[str, Any], augmentation: Mapping[str, Any] | None, loss: Mapping[str, Any],
    evaluation: Mapping[str, Any], seed: int, run: str, shards: Sequence[Path] = (),
) -> None:  # fmt: skip
    device = training_job.open_device()
    relations = read_json(inputs["relations"])
    images = load_split(inputs, "train")
    streams = [labeled_stream(images, student["labeled_batch"])]
    recounted = None
    if shards:
        pseudo = load_pseudo_labels(inputs["pseudo"])
        streams.append(
            pseudo_labeled_stream(
                ConcatShards(shards), pseudo, student["images_without_label"],
                student["unlabeled_batch"], student["unlabeled_weight"],
            )
        )  # fmt: skip
        recounted = pseudo if student["class_weights"] == "recounted" else None
    recipe = focal_recipe(
        BatchLoader(
            streams, seed, Augmentation.from_config(augmentation) if augmentation else None
        ),
        label_counts(images, recounted, student["images_without_label"]),
        FocalSettings.from_config(student, loss),
        Validation(load_split(inputs, "val"), relations["parents"], **evaluation),
        seed,
        device,
    )
    spec = NetworkSpec("maknet", len(relations["names"]), settings)
    training_job.fit(spec.build(seed, run), spec, recipe, device)


if __name__ == "__main__":
    run_training(snakemake, main)
