"""Rule prepare_series: one batch of CT series becomes a shard of triplets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.series_batch import SeriesRules, prepare_batch
from maknet.jobs.scratch import scratch_folder, staged
from maknet.jobs.script import run_script


def main(
    batch: str, folder: Path, image: Mapping[str, Any], rules: Mapping[str, Any],
    resources: Mapping[str, Any], shard: Path, index: Path, table: Path, thumbnails: Path,
) -> None:  # fmt: skip
    settings = ImageSettings(**image)
    series_rules = SeriesRules.from_config(rules, settings)
    with scratch_folder(resources.get("scratch")) as scratch:
        folders = sorted(path for path in staged(folder, scratch).iterdir() if path.is_dir())
        prepare_batch(batch, folders, settings, series_rules, shard, index, table, thumbnails)


if __name__ == "__main__":
    run_script(snakemake, main)
