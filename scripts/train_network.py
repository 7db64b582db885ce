"""Rules train_maknet, train_vgg16, train_resnet18: one network of table 1 on the labeled images."""

from collections.abc import Mapping
from typing import Any

from maknet.data.labeled import load_labeled
from maknet.files import read_json
from maknet.models.imagenet import use_imagenet
from maknet.training.course import Course
from maknet.training.focal_plan import FocalSettings, focal_plan
from maknet.training.session import Session, new_network, train_and_save
from maknet.training.streams import label_balance, labeled_stream
from maknet.training.training_job import training_job
from maknet.training.validation import Validation


def main(
    inputs: Mapping[str, str], outputs: Mapping[str, str], arch: str, network: Mapping[str, Any],
    settings: Mapping[str, Any], loss: Mapping[str, Any], evaluation: Mapping[str, Any],
    seed: int, session: Session,
) -> None:  # fmt: skip
    device = session.open_device()
    relations = read_json(inputs["relations"])
    training, validation = (
        load_labeled(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
        for split in ("train", "val")
    )
    if inputs.get("imagenet"):
        use_imagenet(inputs["imagenet"])
    course = Course([labeled_stream(training, settings["batch_size"])], seed)
    plan = focal_plan(
        course,
        label_balance(training),
        FocalSettings.from_config(settings, loss),
        Validation(validation, relations["parents"], **evaluation),
        seed,
        device,
    )
    labels = len(relations["names"])
    fresh = new_network(arch, labels, network, seed, arch)
    train_and_save(fresh, arch, labels, network, plan, session, device, outputs)


if __name__ == "__main__":
    with training_job(snakemake, "train_network.py") as session:
        main(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            snakemake.params.arch,
            snakemake.params.network,
            snakemake.params.training,
            snakemake.params.loss,
            snakemake.params.evaluation,
            snakemake.params.seed,
            session,
        )
