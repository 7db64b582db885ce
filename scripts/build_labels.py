"""Rule build_labels: label tables of all splits, and the relations among labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from maknet.data.deeplesion.info import load_info
from maknet.data.labels.label_table import SPLITS, lesion_indices, load_labels, save_table
from maknet.data.labels.ontology import load_ontology
from maknet.data.labels.splits import check_counts, check_patients
from maknet.files import write_json, write_rows
from maknet.jobs.job import logger
from maknet.jobs.script import run_script


def main(
    inputs: Mapping[str, Path], outputs: Mapping[str, Path], classes: Sequence[str],
    expect_counts: Mapping[str, int] | None, shared_patients: Sequence[int] | None,
) -> None:  # fmt: skip
    labels = load_labels(**inputs, classes=classes)
    lesions = lesion_indices(labels)
    check_counts(lesions, expect_counts)
    patients = [lesion.patient for lesion in load_info(inputs["dl_info"])]
    check_patients(lesions, patients, shared_patients, inputs["dl_info"])
    ontology = load_ontology(inputs["ontology"], labels["train"].names)
    for split in SPLITS:
        logger.info("%s: %d lesions", split, len(labels[split]))
        save_table(outputs[split], labels[split])
    pairs = np.argwhere(np.triu(ontology.exclusive)).tolist()
    write_json(
        outputs["relations"],
        {"names": ontology.names, "parents": ontology.parents, "exclusive_pairs": pairs},
    )
    positives = {split: (labels[split].positive & labels[split].known).sum(0) for split in SPLITS}
    write_rows(
        outputs["counts"],
        ("label", "class", *SPLITS),
        [
            {"label": name, "class": ontology.categories[i],
             **{split: int(positives[split][i]) for split in SPLITS}}
            for i, name in enumerate(ontology.names)
        ],
    )  # fmt: skip


if __name__ == "__main__":
    run_script(snakemake, main)
