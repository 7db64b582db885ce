"""Rule fetch_deeplesion_file: a table or label file, accepted by its digest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.fetch.download import copy_atomic, download, read_sources
from maknet.fetch.retries import RetryPolicy
from maknet.jobs.script import run_script


def main(file: str, config: Mapping[str, Any], partial: str, target: Path) -> None:
    deeplesion, growing = config["deeplesion"], Path(partial)
    wanted = read_sources(deeplesion["sources"])[file]
    limits = deeplesion["download"]
    policy = RetryPolicy(limits["retries"], limits["backoff_s"])
    copy = download(wanted, growing, policy, limits["timeout_s"], deeplesion["files"])
    copy_atomic(copy, target)
    growing.unlink(missing_ok=True)


if __name__ == "__main__":
    run_script(snakemake, main)
