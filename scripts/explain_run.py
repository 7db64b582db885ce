"""Rule explain_run: attributions and perturbations of one network over the hand-labeled set."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from maknet.data.arrays import save_arrays
from maknet.data.deeplesion import load_info
from maknet.data.examples import choose_examples
from maknet.data.labeled import load_labeled
from maknet.explain.perturb import region_mask
from maknet.explain.study import StudySettings, study
from maknet.files import read_json, read_rows
from maknet.jobs import job
from maknet.models.build import load_run
from maknet.models.device import find_device
from maknet.seeding import make_deterministic


def main(
    inputs: Mapping[str, str], output: str, settings: StudySettings, region_scale: float,
    count: int, wanted: Sequence[int] | None, seed: int, device_name: str, threads: int,
) -> None:  # fmt: skip
    device = find_device(device_name)
    torch.set_num_threads(threads)
    make_deterministic()
    torch.backends.cudnn.allow_tf32 = False  # drops of confidence are not to be those of rounding
    labeled = load_labeled(inputs["hand"], inputs["hand_index"], inputs["hand_labels"])
    info = load_info(inputs["dl_info"])
    images = labeled.images.images()
    regions = [
        region_mask(
            info[int(row["lesion_index"])].box,
            (int(row["crop_top"]), int(row["crop_bottom"]), int(row["crop_left"]),
             int(row["crop_right"])),
            images.shape[-1], region_scale,
        )
        for row in read_rows(inputs["hand_index"])
    ]  # fmt: skip
    patients = np.array([info[i].patient for i in labeled.labels.lesion_index])
    examples = choose_examples(labeled.labels, patients, count, wanted)
    network = load_run(inputs["weights"], read_json(inputs["network"])).to(device)
    found = study(network, images, np.stack(regions), settings, seed, device, examples)
    save_arrays(
        output, **found, examples=np.array(examples), lesions=labeled.labels.lesion_index,
        fractions=np.array(settings.fractions),
    )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "explain_run.py"):
        explain = snakemake.params.explain
        main(
            dict(snakemake.input.items()),
            snakemake.output.study,
            StudySettings(
                explain["steps"], explain["top"], explain["deleted_fraction"], explain["fractions"]
            ),
            explain["region_scale"],
            explain["examples"],
            explain["lesions"],
            snakemake.params.seed,
            snakemake.params.device,
            snakemake.threads,
        )
