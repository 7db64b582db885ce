"""Rule prepare_lesions: the images of one labeled split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.deeplesion.images import write_image_shard
from maknet.data.deeplesion.lesion_shard import ShardFiles
from maknet.data.labels.label_table import load_table
from maknet.jobs.script import run_script


def main(
    dl_info: Path, images: Path, labels: Path, image: Mapping[str, Any], max_unreadable: int,
    shard: Path, fingerprints: Path, index: Path, unreadable: Path,
) -> None:  # fmt: skip
    lesions = load_table(labels).lesion_index
    settings = ImageSettings(**image)
    files = ShardFiles(shard, index, unreadable)
    write_image_shard(dl_info, images, lesions, settings, max_unreadable, files, fingerprints)


if __name__ == "__main__":
    run_script(snakemake, main)
