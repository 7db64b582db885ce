"""Rule release_network: a trained network as a folder that others' tools load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.files import read_json
from maknet.jobs.script import run_script
from maknet.provenance.lineage import recorded_name, results_folder
from maknet.release.loading import loading_text
from maknet.release.model_card import model_card, read_run
from maknet.release.network_folder import InputSettings, Trained, finish, write_network


def main(
    weights: Path, network: Path, relations: Path, thresholds: Path, license_file: Path,
    dataset: str, unlabeled: str, image: Mapping[str, Any], series: Mapping[str, Any],
    patch: Mapping[str, Any], confidence: float, bundle: Path,
) -> None:  # fmt: skip
    name = weights.parent.name
    run = read_run(results_folder(Path(recorded_name(str(weights)))), name)
    trained = Trained(name, dataset, weights, network, run.root, unlabeled)
    settings = InputSettings(image, series, patch)
    write_network(bundle, trained, settings, read_json(relations), read_json(thresholds))
    loading = loading_text(name, read_json(network)["name"])
    finish(bundle, model_card(run, dataset=dataset, confidence=confidence, loading=loading),
           license_file)  # fmt: skip


if __name__ == "__main__":
    run_script(snakemake, main)
