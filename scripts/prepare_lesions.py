"""Rule prepare_lesions: the images of one labeled split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.deeplesion.lesion_shard import write_lesion_shard
from maknet.data.labels.label_table import load_table
from maknet.jobs.script import run_script


def main(
    dl_info: Path, images: Path, labels: Path, image: Mapping[str, Any], max_unreadable: int,
    shard: Path, index: Path, unreadable: Path,
) -> None:  # fmt: skip
    lesions = load_table(labels).lesion_index
    settings = ImageSettings(**image)
    write_lesion_shard(dl_info, images, lesions, settings, max_unreadable, shard, index, unreadable)


if __name__ == "__main__":
    run_script(snakemake, main)
