"""Rule build_labels: label tables of all splits, and the relations among labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from maknet.data.labels import SPLITS, load_labels, save_table
from maknet.data.ontology import load_ontology
from maknet.files import write_json, write_rows
from maknet.jobs import job, logger


def main(
    inputs: Mapping[str, str],
    classes: Sequence[str],
    tables: Mapping[str, Path],
    relations: Path,
    counts: Path,
) -> None:
    labels = load_labels(
        inputs["text_mined"], inputs["hand"], inputs["ontology"], inputs["dl_info"], classes
    )
    ontology = load_ontology(inputs["ontology"], labels["train"].names)
    for split in SPLITS:
        logger.info("%s: %d lesions", split, len(labels[split]))
        save_table(tables[split], labels[split])
    pairs = np.argwhere(np.triu(ontology.exclusive)).tolist()
    write_json(
        relations, {"names": ontology.names, "parents": ontology.parents, "exclusive_pairs": pairs}
    )
    positives = {split: (labels[split].positive & labels[split].known).sum(0) for split in SPLITS}
    write_rows(
        counts,
        ("label", "class", *SPLITS),
        [
            {"label": name, "class": ontology.categories[i],
             **{split: int(positives[split][i]) for split in SPLITS}}
            for i, name in enumerate(ontology.names)
        ],
    )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "build_labels.py"):
        main(
            dict(snakemake.input.items()),
            snakemake.params.classes,
            {split: Path(snakemake.output[split]) for split in SPLITS},
            Path(snakemake.output.relations),
            Path(snakemake.output.counts),
        )
