"""Rule explain_run: attributions and perturbations of one network over the hand-labeled set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from maknet.data.arrays import save_arrays
from maknet.data.deeplesion.info import load_info
from maknet.data.shards.labeled_images import load_labeled_images
from maknet.explain.examples import choose_examples
from maknet.explain.perturb import lesion_regions
from maknet.explain.study import StudySettings, explain_images
from maknet.jobs.script import run_script
from maknet.models.build import load_network, read_description
from maknet.models.device import open_device


def main(
    weights: Path, network: Path, hand: Path, hand_index: Path, hand_labels: Path, dl_info: Path,
    study: Path, explain: Mapping[str, Any], seed: int, device: str, threads: int,
) -> None:  # fmt: skip
    on = open_device(device, threads)
    settings = StudySettings.from_config(explain)
    labeled = load_labeled_images(hand, hand_index, hand_labels)
    info = load_info(dl_info)
    images = labeled.images.images()
    regions = lesion_regions(hand_index, info, images.shape[-1], explain["region_scale"])
    patients = np.array([info[i].patient for i in labeled.labels.lesion_index])
    examples = choose_examples(labeled.labels, patients, explain["examples"], explain["lesions"])
    model = load_network(weights, read_description(network)).to(on)
    arrays = explain_images(model, images, regions, settings, seed, on, examples)
    save_arrays(
        study, **arrays, examples=np.array(examples), lesions=labeled.labels.lesion_index,
        patients=patients, fractions=np.array(settings.fractions),
    )  # fmt: skip


if __name__ == "__main__":
    run_script(snakemake, main)
