"""Rule train_student: the student of one round, on labeled and pseudo-labeled images."""

from collections.abc import Mapping, Sequence
from typing import Any

from maknet.data.labeled import load_labeled
from maknet.data.pool import ImagePool
from maknet.data.pseudo_labels import load_pseudo_labels
from maknet.files import read_json
from maknet.training.augment import Augmentation
from maknet.training.course import Course
from maknet.training.focal_plan import FocalSettings, focal_plan
from maknet.training.session import Session, new_network, train_and_save
from maknet.training.streams import label_balance, labeled_stream, pseudo_labeled_stream
from maknet.training.training_job import training_job
from maknet.training.validation import Validation


def main(
    inputs: Mapping[str, str], shards: Sequence[str], outputs: Mapping[str, str], run: str,
    network: Mapping[str, Any], student: Mapping[str, Any], augmentation: Mapping[str, Any],
    loss: Mapping[str, Any], evaluation: Mapping[str, Any], seed: int, session: Session,
) -> None:  # fmt: skip
    device = session.open_device()
    relations = read_json(inputs["relations"])
    training, validation = (
        load_labeled(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
        for split in ("train", "val")
    )
    pseudo = load_pseudo_labels(inputs["pseudo"])
    streams = [
        labeled_stream(training, student["labeled_batch"]),
        pseudo_labeled_stream(
            ImagePool(shards), pseudo, student["images_without_label"],
            student["unlabeled_batch"], student["unlabeled_weight"],
        ),
    ]  # fmt: skip
    recounted = pseudo if student["class_weights"] == "recounted" else None
    plan = focal_plan(
        Course(streams, seed, Augmentation.from_config(augmentation)),
        label_balance(training, recounted, student["images_without_label"]),
        FocalSettings.from_config(student, loss),
        Validation(validation, relations["parents"], **evaluation),
        seed,
        device,
    )
    labels = len(relations["names"])
    fresh = new_network("maknet", labels, network, seed, run)
    train_and_save(fresh, "maknet", labels, network, plan, session, device, outputs)


if __name__ == "__main__":
    with training_job(snakemake, "train_student.py") as session:
        main(
            dict(snakemake.input.items()),
            snakemake.input.shards,
            dict(snakemake.output.items()),
            f"student{snakemake.wildcards.round}",
            snakemake.params.network,
            snakemake.params.student,
            snakemake.params.augmentation,
            snakemake.params.loss,
            snakemake.params.evaluation,
            snakemake.params.seed,
            session,
        )
