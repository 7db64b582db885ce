"""Rule fetch_series: one batch of TCIA series, verified, with its receipt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.fetch.batch import Archive, Patience, fetch_batch
from maknet.data.fetch.idc import IdcArchive
from maknet.data.fetch.nbia import NbiaArchive
from maknet.data.scratch import scratch_folder
from maknet.jobs import job
from maknet.manifest import by_batch, read_manifest


def main(
    batch: str, tcia: Mapping[str, Any], batch_size: int, partial: Path, target: Path,
    receipt: Path, refused: Path, scratch_setting: str | None,
) -> None:  # fmt: skip
    series = read_manifest(tcia["manifest"], batch_size, tcia["allow_noncommercial"])
    archive: Archive
    if tcia["route"] == "nbia":
        archive = NbiaArchive(tcia["nbia_url"], tcia["timeout_s"])
    else:
        archive = IdcArchive(tcia["idc_endpoint"], tcia["timeout_s"])
    patience = Patience(tcia["retries"], tcia["backoff_s"], tcia["max_failed"])
    with scratch_folder(scratch_setting) as scratch:
        fetch_batch(
            by_batch(series)[batch], archive, patience, partial, target, receipt, refused,
            incoming=scratch and scratch / "incoming",
        )  # fmt: skip


if __name__ == "__main__":
    with job(snakemake, "fetch_series.py"):
        main(
            snakemake.wildcards.batch,
            snakemake.config["tcia"],
            snakemake.config["unlabeled"]["batch_size"],
            Path(snakemake.params.partial),
            Path(snakemake.output.series),
            Path(snakemake.output.receipt),
            Path(snakemake.output.refused),
            snakemake.resources.get("scratch"),
        )
