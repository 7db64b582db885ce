"""Rule prepare_series: one batch of CT series becomes a shard of triplets."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.series_batch import BatchFiles, SeriesRules, prepare_batch
from maknet.jobs.scratch import scratch_folder, staged
from maknet.jobs.script import run_script

logger = logging.getLogger("maknet")


def main(
    batch: str, folder: Path, image: Mapping[str, Any], rules: Mapping[str, Any],
    resources: Mapping[str, Any], shard: Path, fingerprints: Path, index: Path, table: Path,
    thumbnails: Path,
) -> None:  # fmt: skip
    settings = ImageSettings(**image)
    series_rules = SeriesRules.from_config(rules, settings)
    with scratch_folder(resources.get("scratch")) as scratch:
        entries = sorted(_staged(folder, scratch).iterdir())
        # A link to nowhere is a series too, which is refused by name.
        folders = [path for path in entries if path.is_dir() or path.is_symlink()]
        files = BatchFiles(shard, fingerprints, index, table, thumbnails)
        prepare_batch(batch, folders, settings, series_rules, files)


def _staged(folder: Path, scratch: Path | None) -> Path:
    try:
        return staged(folder, scratch)
    except OSError as error:  # such as a link to nowhere, which refuses its own series only
        logger.warning("%s is read in place: it cannot be copied (%s)", folder, error)
        return folder


if __name__ == "__main__":
    run_script(snakemake, main)
