"""Rule prepare_patches: the patches of one labeled split, LesaNet's input."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.labels import load_table
from maknet.data.lesion_patches import PatchSettings, write_patch_shard
from maknet.jobs import job


def main(
    dl_info: Path, images: Path, labels: Path, settings: Mapping[str, Any], max_unreadable: int,
    shard: Path, index: Path, unreadable: Path,
) -> None:  # fmt: skip
    lesions = load_table(labels).lesion_index
    write_patch_shard(
        dl_info, images, lesions, PatchSettings(**settings), max_unreadable,
        shard, index, unreadable,
    )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "prepare_patches.py"):
        main(
            Path(snakemake.input.dl_info),
            Path(snakemake.input.images),
            Path(snakemake.input.labels),
            snakemake.params.patch,
            snakemake.params.max_unreadable,
            Path(snakemake.output.shard),
            Path(snakemake.output.index),
            Path(snakemake.output.unreadable),
        )
