"""Read a released network and label a synthetic CT series, as a notebook would.

pip install .                                 # or work in the workflow's environment
snakemake --cores 2 results/demo/release      # once: a network trained on synthetic CT
python examples/label_a_phantom.py results/demo/release/student2
"""

import sys
import tempfile
from pathlib import Path

import torch

from maknet.data.ct.series import sort_series
from maknet.labeling.extents import decide_labels, find_extents
from maknet.labeling.inputs import find_series
from maknet.labeling.series_labels import score_series
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series
from maknet.release.pretrained import ReleasedNetwork


def main(weights: str) -> None:
    """Print which body parts a synthetic series shows."""
    network = ReleasedNetwork.from_pretrained(weights)
    print(f"The network was {network.trained_on}.")

    with tempfile.TemporaryDirectory() as folder:
        chest = next(p for p in PROTOCOLS if p.name == "CHESTABDPELVIS")
        write_series(PlannedSeries(1, "clean", chest, seed=99), Path(folder, "series"), matrix=128)
        (series,), _ = find_series([Path(folder)])
        scores = score_series(sort_series(series.headers), network, device=torch.device("cpu"))

    thresholds = torch.tensor(network.thresholds).numpy()
    held = decide_labels(scores.probabilities, thresholds, network.exclusive, network.parents)
    step_mm = scores.spacing_mm[0]
    for part in find_extents(
        held, scores.probabilities, scores.positions_mm, step_mm, network.names
    ):
        print(f"{part.label:20} {part.from_mm:7.0f} to {part.to_mm:5.0f} mm")


if __name__ == "__main__":
    main(sys.argv[1])
