"""Rule pretrain_vgg16: VGG16 on the unlabeled images and the pseudo-labels of the last round."""

from collections.abc import Mapping, Sequence
from typing import Any

from maknet.data.labeled import load_labeled
from maknet.data.pool import ImagePool
from maknet.data.pseudo_labels import load_pseudo_labels
from maknet.files import read_json
from maknet.training.course import Course
from maknet.training.focal_plan import FocalSettings, focal_plan
from maknet.training.session import Session, new_network, train_and_save
from maknet.training.streams import pseudo_balance, pseudo_labeled_stream
from maknet.training.training_job import training_job
from maknet.training.validation import Validation


def main(
    inputs: Mapping[str, str], shards: Sequence[str], outputs: Mapping[str, str],
    network: Mapping[str, Any], pretraining: Mapping[str, Any], loss: Mapping[str, Any],
    evaluation: Mapping[str, Any], seed: int, session: Session,
) -> None:  # fmt: skip
    device = session.open_device()
    relations = read_json(inputs["relations"])
    validation = load_labeled(inputs["val"], inputs["val_index"], inputs["val_labels"])
    pseudo = load_pseudo_labels(inputs["pseudo"])
    images = pseudo_labeled_stream(
        ImagePool(shards), pseudo, pretraining["images_without_label"], pretraining["batch_size"]
    )
    plan = focal_plan(
        Course([images], seed),
        pseudo_balance(pseudo, pretraining["images_without_label"]),
        FocalSettings.from_config(pretraining, loss),
        Validation(validation, relations["parents"], **evaluation),
        seed,
        device,
    )
    labels = len(relations["names"])
    fresh = new_network("vgg16", labels, network, seed, "vgg16_tcia")
    train_and_save(fresh, "vgg16", labels, network, plan, session, device, outputs)


if __name__ == "__main__":
    with training_job(snakemake, "pretrain_vgg16.py") as session:
        main(
            dict(snakemake.input.items()),
            snakemake.input.shards,
            dict(snakemake.output.items()),
            snakemake.params.network,
            snakemake.params.pretraining,
            snakemake.params.loss,
            snakemake.params.evaluation,
            snakemake.params.seed,
            session,
        )
