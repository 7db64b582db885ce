"""Rule fetch_deeplesion_part: the needed slices of one of the 56 zips; the zip is dropped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.deeplesion import load_info
from maknet.data.fetch.deeplesion_zip import extract_slices, labeled_lesions, needed_slices
from maknet.data.fetch.download import Persistence, obtain, read_sources
from maknet.jobs import job


def main(
    part: str, inputs: Mapping[str, str], deeplesion: Mapping[str, Any], partial: Path,
    target: Path, listing: Path,
) -> None:  # fmt: skip
    lesions = labeled_lesions(inputs["text_mined"], inputs["hand"])
    needed = needed_slices(load_info(inputs["dl_info"]), lesions, deeplesion["reach_mm"])
    file = read_sources(deeplesion["sources"])[f"Images_png_{part}.zip"]
    archive = obtain(file, partial, Persistence(**deeplesion["download"]), deeplesion["zips"])
    extract_slices(archive, needed, target, listing, deeplesion["max_damaged"])
    partial.unlink(missing_ok=True)


if __name__ == "__main__":
    with job(snakemake, "fetch_deeplesion_part.py"):
        main(
            snakemake.wildcards.part,
            dict(snakemake.input.items()),
            snakemake.config["deeplesion"],
            Path(snakemake.params.partial),
            Path(snakemake.output.slices),
            Path(snakemake.output.listing),
        )
