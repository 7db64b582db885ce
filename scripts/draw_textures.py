"""Rule draw_textures: images in place of ImageNet, in the layout of the labeled splits."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from maknet.data.labels.label_table import LabelTable, save_table
from maknet.data.shards.shard import write_shard
from maknet.files import write_json, write_rows
from maknet.jobs.script import run_script
from maknet.phantom.textures import TEXTURES, draw_textures


def main(outputs: Mapping[str, Path], counts: Mapping[str, int], size: int, seed: int) -> None:
    for split, count in counts.items():
        images, classes = draw_textures(count, size, seed, split)
        numbers = np.arange(count)
        positive = np.eye(len(TEXTURES), dtype=bool)[classes]
        write_shard(outputs[split], images)
        write_rows(outputs[f"{split}_index"], ("lesion_index",),
                   [{"lesion_index": n} for n in numbers])  # fmt: skip
        table = LabelTable(TEXTURES, numbers, positive, np.ones_like(positive))
        save_table(outputs[f"{split}_labels"], table)
    write_json(outputs["relations"], {"names": TEXTURES, "parents": [[] for _ in TEXTURES]})


if __name__ == "__main__":
    run_script(snakemake, main)
