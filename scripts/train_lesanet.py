"""Rules train_lesanet_*: LesaNet on the lesions, its trunk pretrained or fresh."""

from collections.abc import Mapping
from typing import Any

from maknet.data.lesions import load_lesions
from maknet.files import read_json, write_json
from maknet.jobs import logger
from maknet.models.transfer import load_trunk, trunk_file
from maknet.training.lesanet_plan import LesaNetSettings, lesanet_plan
from maknet.training.session import Session, new_network, train_and_save
from maknet.training.training_job import training_job


def main(
    inputs: Mapping[str, str], outputs: Mapping[str, str], network: Mapping[str, Any],
    settings: LesaNetSettings, evaluation: Mapping[str, Any], seed: int, session: Session,
) -> None:  # fmt: skip
    device = session.open_device()
    relations = read_json(inputs["relations"])
    training, validation = (
        load_lesions(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
        for split in ("train", "val")
    )
    labels = len(relations["names"])
    # The same first weights in all arms, but for the trunk that is replaced.
    fresh = new_network("lesanet", labels, network, seed, "lesanet")
    loaded = load_trunk(fresh, trunk_file(inputs["trunk"])) if inputs.get("trunk") else None
    logger.info("trunk: %s", "fresh weights" if loaded is None else loaded)
    write_json(outputs["transfer"], loaded)
    plan = lesanet_plan(training, validation, relations, settings, evaluation, seed, device)
    train_and_save(fresh, "lesanet", labels, network, plan, session, device, outputs)


if __name__ == "__main__":
    with training_job(snakemake, "train_lesanet.py") as session:
        main(
            dict(snakemake.input.items()),
            dict(snakemake.output.items()),
            snakemake.params.network,
            LesaNetSettings.from_config(snakemake.params.lesanet, snakemake.params.learning_rate),
            snakemake.params.evaluation,
            snakemake.params.seed,
            session,
        )
