"""Rule label_folder: which body parts the CT of a folder shows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.jobs.script import run_script
from maknet.labeling.folder import LabelOptions, label_paths
from maknet.models.device import open_device
from maknet.release.pretrained import load_release


def main(
    weights: Path, path: str, options: Mapping[str, Any], device: str, threads: int, labeled: Path,
) -> None:  # fmt: skip
    on = open_device(device, threads)
    released = load_release(weights).to(on)
    found, refused = label_paths([Path(path)], labeled, released, on, LabelOptions(**options))
    if not found:
        raise InputError(
            f"None of {refused} series of {path} could be labeled; the log has the reasons."
        )


if __name__ == "__main__":
    run_script(snakemake, main)
