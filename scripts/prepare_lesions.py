"""Rule prepare_lesions: the images of one labeled split."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct import ImageSettings
from maknet.data.deeplesion import write_lesion_shard
from maknet.data.labels import load_table
from maknet.jobs import job


def main(
    dl_info: Path, images: Path, labels: Path, settings: Mapping[str, Any], max_unreadable: int,
    shard: Path, index: Path, unreadable: Path,
) -> None:  # fmt: skip
    lesions = load_table(labels).lesion_index
    write_lesion_shard(
        dl_info, images, lesions, ImageSettings(**settings), max_unreadable,
        shard, index, unreadable,
    )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "prepare_lesions.py"):
        main(
            Path(snakemake.input.dl_info),
            Path(snakemake.input.images),
            Path(snakemake.input.labels),
            snakemake.params.image,
            snakemake.params.max_unreadable,
            Path(snakemake.output.shard),
            Path(snakemake.output.index),
            Path(snakemake.output.unreadable),
        )
