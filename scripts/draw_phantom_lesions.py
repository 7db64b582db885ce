"""Rule draw_phantom_lesions: a DeepLesion folder of synthetic patients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.jobs.script import run_script
from maknet.phantom.deeplesion import LabelNoise, write_deeplesion


def main(dl_info: Path, phantom: Mapping[str, Any], threads: int) -> None:
    write_deeplesion(
        dl_info.parent,
        phantom["seed"],
        phantom["patients"],
        phantom["lesions_per_patient"],
        phantom["matrix"],
        LabelNoise(**phantom["label_noise"]),
        threads,
    )


if __name__ == "__main__":
    run_script(snakemake, main)
