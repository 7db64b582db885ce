"""How fast and how well CT is labeled, beside the bare network and the truth.

* speed: a synthetic series of 512 x 512 pixels at the paper's network size with random weights, on
  one core, against bare forward passes of as many images; peak memory of the process;
* overlap: with `--weights`, on synthetic patients whose seed no training has seen: of each label's
  extent with that of the organ in the drawing (intersection over union along the body axis).

    python -m benchmarks.label
    python -m benchmarks.label --weights results/demo/release/student2
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
import yaml

from maknet.files import ROOT, read_rows
from maknet.labeling.folder import LabelOptions, label_paths
from maknet.models.build import build_network
from maknet.models.device import open_device
from maknet.phantom.anatomy import Patient, random_patient
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series
from maknet.phantom.shapes import cross_section
from maknet.phantom.terms import PARENTS, with_ancestors
from maknet.release.network_folder import InputSettings
from maknet.release.pretrained import ReleasedNetwork, load_release
from maknet.seeding import generator

SEED = 4242  # of no configuration
LABELS = 115


def paper_network() -> ReleasedNetwork:
    """Return a network of the paper's size with random weights."""
    config = yaml.safe_load((ROOT / "config/paper.yaml").read_text())
    names = [f"label {number}" for number in range(LABELS)]
    inputs = InputSettings(config["image"], config["series"], config["lesanet"]["input"])
    described = {
        "arch": "maknet", "num_labels": LABELS, "settings": config["networks"]["maknet"],
        "trained_on": "not trained", "root": "0" * 64, "run": "random",
    }  # fmt: skip
    labels = {"names": names, "parents": [[]] * LABELS, "exclusive_pairs": [],
              "thresholds": dict.fromkeys(names, 0.5)}  # fmt: skip
    return ReleasedNetwork(described, labels, inputs.as_data("maknet")).eval()


def measure_speed(slices: int) -> dict[str, float]:
    """Label a series of at least so many slices on one core."""
    device = open_device("cpu", 1)
    released = paper_network()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        protocol = next(p for p in PROTOCOLS if p.name == "WHOLEBODY")
        dense = type(protocol)(protocol.name, 300, 300 + slices, (340, 440), 1.0)
        count = write_series(PlannedSeries(0, "clean", dense, SEED), folder / "series", 512)
        start = time.perf_counter()
        label_paths([folder / "series"], folder / "out", released, device)
        seconds = time.perf_counter() - start
    network = build_network("maknet", LABELS).eval().to(memory_format=torch.channels_last)
    images = torch.rand(16, 3, 256, 256).contiguous(memory_format=torch.channels_last)
    start = time.perf_counter()
    with torch.inference_mode():
        for _ in range(count // 16):
            network(images)
    bare = (time.perf_counter() - start) * count / (count // 16 * 16)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"slices": count, "seconds": seconds, "bare_network_s": bare,
            "bare_to_all": bare / seconds, "peak_gb": peak}  # fmt: skip


def measure_overlap(weights: Path, series: int) -> dict[str, object]:
    """Label synthetic patients that nobody has trained on, and compare extents with the drawing."""
    device = open_device("cpu", 1)
    released = load_release(weights)
    overlaps: dict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planned = [
            PlannedSeries(number, "clean", PROTOCOLS[number % len(PROTOCOLS)], SEED)
            for number in range(series)
        ]
        for item in planned:
            write_series(item, folder / "in" / item.series_uid, 128)
        label_paths([folder / "in"], folder / "out", released, device, LabelOptions())
        found = read_rows(folder / "out/series.csv")
        slices = read_rows(folder / "out/slices.csv")
    for item in planned:
        positions = [float(r["position_mm"]) for r in slices if r["series_uid"] == item.series_uid]
        truth = drawn_labels(item, np.array(positions), released.names)
        for label in released.names:
            seen = np.zeros(len(positions), bool)
            for row in found:
                if (row["series_uid"], row["label"]) == (item.series_uid, label):
                    seen[int(row["first_slice"]) : int(row["last_slice"]) + 1] = True
            union = (seen | truth[label]).sum()
            if truth[label].any():
                overlaps[label].append(float((seen & truth[label]).sum() / union))
    regions = ("chest", "abdomen", "pelvis", "neck")
    everything = [value for values in overlaps.values() for value in values]
    return {
        "series": series, "labels": len(overlaps), "mean_overlap": statistics.fmean(everything),
        **{f"overlap_{region}": statistics.fmean(overlaps[region]) for region in regions},
    }  # fmt: skip


def drawn_labels(
    item: PlannedSeries, positions_mm: np.ndarray, names: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return at which positions the drawing shows each label, itself or a part of it."""
    patient: Patient = random_patient(generator(item.seed, "patient", item.patient_id))
    shown = {name: np.zeros(len(positions_mm), bool) for name in names}
    for shape in patient.shapes:
        if shape.organ not in PARENTS:
            continue
        there = np.array([cross_section(shape, float(-mm)) is not None for mm in positions_mm])
        for label in with_ancestors({shape.organ}) & shown.keys():
            shown[label] |= there
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--weights", type=Path, help="a released network, for the overlap")
    parser.add_argument("--series", type=int, default=24)
    chosen = parser.parse_args()
    found: dict[str, object] = dict(measure_speed(chosen.slices))
    if chosen.weights:
        found |= measure_overlap(chosen.weights, chosen.series)
    print(json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()},
                     indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
