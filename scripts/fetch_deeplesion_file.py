"""Rule fetch_deeplesion_file: a table or label file, accepted by its digest."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.fetch.download import Persistence, obtain, place, read_sources
from maknet.jobs import job


def main(name: str, deeplesion: Mapping[str, Any], partial: Path, target: Path) -> None:
    file = read_sources(deeplesion["sources"])[name]
    persistence = Persistence(**deeplesion["download"])
    copy = obtain(file, partial, persistence, deeplesion["files"])
    place(file, copy, target)
    partial.unlink(missing_ok=True)


if __name__ == "__main__":
    with job(snakemake, "fetch_deeplesion_file.py"):
        main(
            snakemake.wildcards.file,
            snakemake.config["deeplesion"],
            Path(snakemake.params.partial),
            Path(snakemake.output.file),
        )
