"""Rule prepare_series: one batch of CT series becomes a shard of triplets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.ct import ImageSettings
from maknet.data.scratch import scratch_folder, staged
from maknet.data.series_batch import SeriesRules, prepare_batch
from maknet.jobs import job


def main(
    batch: str, folder: Path, image: Mapping[str, Any], rules: Mapping[str, Any],
    shard: Path, index: Path, series: Path, previews: Path, scratch_setting: str | None,
) -> None:  # fmt: skip
    settings = ImageSettings(**image)
    with scratch_folder(scratch_setting) as scratch:
        folders = sorted(path for path in staged(folder, scratch).iterdir() if path.is_dir())
        prepare_batch(
            batch, folders, settings, SeriesRules.from_config(rules, settings),
            shard, index, series, previews,
        )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "prepare_series.py"):
        main(
            snakemake.wildcards.batch,
            Path(snakemake.input.series),
            snakemake.params.image,
            snakemake.params.rules,
            Path(snakemake.output.shard),
            Path(snakemake.output.index),
            Path(snakemake.output.series),
            Path(snakemake.output.previews),
            snakemake.resources.get("scratch"),
        )
