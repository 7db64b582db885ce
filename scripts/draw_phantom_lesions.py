"""Rule draw_phantom_lesions: a DeepLesion folder of drawn patients."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.data.phantom.deeplesion import LabelNoise, write_deeplesion
from maknet.jobs import job


def main(folder: Path, phantom: Mapping[str, Any], workers: int) -> None:
    write_deeplesion(
        folder,
        phantom["seed"],
        phantom["patients"],
        phantom["lesions_per_patient"],
        phantom["matrix"],
        LabelNoise(**phantom["label_noise"]),
        workers,
    )


if __name__ == "__main__":
    with job(snakemake, "draw_phantom_lesions.py"):
        main(Path(snakemake.output.dl_info).parent, snakemake.params.phantom, snakemake.threads)
