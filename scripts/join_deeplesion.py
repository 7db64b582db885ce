"""Rule join_deeplesion: one folder of series out of the parts, as links."""

from collections.abc import Sequence
from os.path import relpath
from pathlib import Path

from maknet.errors import InputError
from maknet.jobs.script import run_script


def main(parts: Sequence[Path], images: Path) -> None:
    images.mkdir(parents=True)
    for part in parts:
        for series in sorted(p for p in part.iterdir() if p.is_dir()):
            link = images / series.name
            if link.is_symlink():
                raise InputError(f"Series {series.name} is in two of DeepLesion's zips.")
            link.symlink_to(relpath(series, images), target_is_directory=True)


if __name__ == "__main__":
    run_script(snakemake, main)
