"""Rule fetch_deeplesion_part: the needed slices of one of the 56 zips; the zip is dropped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.deeplesion.info import load_info
from maknet.fetch.deeplesion_zip import extract_slices, labeled_lesions, needed_slices
from maknet.fetch.download import download, read_sources
from maknet.fetch.retries import RetryPolicy
from maknet.jobs.script import run_script


def main(
    part: str, dl_info: Path, text_mined: Path, hand: Path, config: Mapping[str, Any],
    partial: str, slices: Path, listing: Path,
) -> None:  # fmt: skip
    deeplesion, growing = config["deeplesion"], Path(partial)
    lesions = labeled_lesions(text_mined, hand)
    needed = needed_slices(load_info(dl_info), lesions, deeplesion["reach_mm"])
    wanted = read_sources(deeplesion["sources"])[f"Images_png_{part}.zip"]
    limits = deeplesion["download"]
    policy = RetryPolicy(limits["retries"], limits["backoff_s"])
    archive = download(wanted, growing, policy, limits["timeout_s"], deeplesion["zips"])
    extract_slices(archive, needed, slices, listing, deeplesion["max_damaged"])
    growing.unlink(missing_ok=True)


if __name__ == "__main__":
    run_script(snakemake, main)
