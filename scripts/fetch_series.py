"""Rule fetch_series: one batch of TCIA series, verified, with its receipt."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.config.inputs import listed_series
from maknet.config.manifest import by_batch
from maknet.fetch.idc import IdcArchive
from maknet.fetch.nbia import NbiaArchive
from maknet.fetch.retries import RetryPolicy
from maknet.fetch.series_batch import Archive, fetch_batch
from maknet.jobs.scratch import scratch_folder
from maknet.jobs.script import run_script


def main(
    batch: str, config: Mapping[str, Any], resources: Mapping[str, Any], partial: str,
    series: Path, receipt: Path, refused: Path,
) -> None:  # fmt: skip
    tcia, listed = config["tcia"], by_batch(listed_series(config))[batch]
    archive: Archive
    if tcia["route"] == "nbia":
        archive = NbiaArchive(tcia["nbia_url"], tcia["timeout_s"])
    else:
        archive = IdcArchive(tcia["idc_endpoint"], tcia["timeout_s"])
    policy = RetryPolicy(tcia["retries"], tcia["backoff_s"])
    with scratch_folder(resources.get("scratch")) as scratch:
        fetch_batch(
            listed, archive, policy, tcia["max_failed"], Path(partial), series, receipt, refused,
            incoming=scratch and scratch / "incoming",
        )  # fmt: skip


if __name__ == "__main__":
    run_script(snakemake, main)
