"""Rule prepare_patches: the patches of one labeled split, LesaNet's input."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.deeplesion.lesion_shard import ShardFiles
from maknet.data.deeplesion.patches import PatchSettings, write_patch_shard
from maknet.data.labels.label_table import load_table
from maknet.jobs.script import run_script


def main(
    dl_info: Path, images: Path, labels: Path, patch: Mapping[str, Any], max_unreadable: int,
    shard: Path, index: Path, unreadable: Path,
) -> None:  # fmt: skip
    lesions = load_table(labels).lesion_index
    settings = PatchSettings(**patch)
    files = ShardFiles(shard, index, unreadable)
    write_patch_shard(dl_info, images, lesions, settings, max_unreadable, files)


if __name__ == "__main__":
    run_script(snakemake, main)
