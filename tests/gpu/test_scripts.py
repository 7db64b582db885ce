"""The rules that score, on every device: the same bytes twice, in float32, near the CPU's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from maknet.data.arrays import load_arrays
from maknet.data.labels.pseudo_labels import load_pseudo_labels
from maknet.data.shards.shard import write_shard
from maknet.files import write_json, write_rows
from maknet.leakage.exclusion import COLUMNS
from scripts import explain_run, predict_scores, pseudo_label
from tests.gpu.files import (
    EXPLAIN,
    LABELS,
    SETTINGS,
    WINDOW,
    drawn_images,
    outputs,
    settled,
    write_hand,
    write_network,
    write_patches,
)

pytestmark = pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS")  # of torch, harmless
TOLERANCE = 1e-3
Run = Callable[[Path, str], Path]


def scored(arch: str) -> Run:
    """Return a run of `predict_scores`."""

    def run(folder: Path, device: str) -> Path:
        if arch == "lesanet":
            shard, index = write_patches(folder)
        else:
            files = write_hand(folder)
            shard, index = files["hand"], files["hand_index"]
        target = folder / "scores.npz"
        predict_scores.main(
            **write_network(folder, arch), shards=[shard], indices=[index],
            outputs={shard.stem: target}, window_hu=WINDOW if arch == "lesanet" else None,
            batch_size=16, device=device, threads=torch.get_num_threads(),
        )  # fmt: skip
        return target

    return run


def labeled(folder: Path, device: str) -> Path:
    """Run `pseudo_label` on two shards."""
    shards = [folder / "a.npy", folder / "b.npy"]
    for seed, shard in enumerate(shards):
        write_shard(shard, drawn_images(seed=seed))
    names = [f"label {i}" for i in range(LABELS)]
    relations = {"names": names, "exclusive_pairs": [[0, 1], [2, 5]]}
    write_json(folder / "relations.json", relations)
    left_out = {"batch": "b", "image": 1, "series_uid": "1.2", "reason": "shows a patient of test"}
    write_rows(folder / "excluded.csv", COLUMNS, [left_out])
    pseudo_label.main(
        **write_network(folder, "maknet"), relations=folder / "relations.json", shards=shards,
        excluded=folder / "excluded.csv", labels=folder / "labels.npz",
        pseudo_labels={"top": 5, "threshold": 0.5}, batch_size=16,
        device=device, threads=torch.get_num_threads(), config={"jobs": {"loader_threads": 3}},
    )  # fmt: skip
    return folder / "labels.npz"


def explained(folder: Path, device: str) -> Path:
    """Run `explain_run`."""
    explain_run.main(
        **write_network(folder, "maknet"), **write_hand(folder, 9), study=folder / "study.npz",
        explain=EXPLAIN, seed=1, device=device, threads=torch.get_num_threads(),
    )  # fmt: skip
    return folder / "study.npz"


def in_folder(run: Run, folder: Path, device: str) -> Path:
    folder.mkdir()
    return run(folder, device)


RUNS = [pytest.param(labeled, id="pseudo_label"), pytest.param(explained, id="explain_run"),
        *(pytest.param(scored(arch), id=arch) for arch in SETTINGS)]  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_two_runs_write_the_same_bytes(tmp_path: Path, device: torch.device, run: Run) -> None:
    first, second = (in_folder(run, tmp_path / name, device.type) for name in ("1", "2"))
    assert first.read_bytes() == second.read_bytes()


def on_the_cpu(arch: str) -> np.ndarray:
    """Return the probabilities of all images at once from the bare network."""
    with torch.inference_mode():
        logits = outputs(arch, settled(arch), drawn_images())[1]
        return torch.sigmoid(logits.float()).numpy()


@pytest.mark.parametrize("arch", list(SETTINGS))
def test_scores_are_the_cpus(tmp_path: Path, device: torch.device, arch: str) -> None:
    found = load_arrays(in_folder(scored(arch), tmp_path / "run", device.type))["scores"]
    assert found.std() > 0.1  # they say something
    np.testing.assert_allclose(found, on_the_cpu(arch), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("arch", list(SETTINGS))
def test_that_tolerance_refuses_bfloat16(arch: str) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        mixed = on_the_cpu(arch)
    assert np.abs(mixed - on_the_cpu(arch)).max() > 5 * TOLERANCE


def test_pseudo_labels_are_the_cpus(tmp_path: Path, device: torch.device) -> None:
    """But for scores so near the threshold, or each other, that rounding decides."""
    here, there = (
        load_pseudo_labels(in_folder(labeled, tmp_path / name, kind))
        for name, kind in (("here", device.type), ("there", "cpu"))
    )
    assert (there.label >= 0).any()
    assert (here.label == there.label).mean() > 0.98


def test_explanations_are_the_cpus(tmp_path: Path, device: torch.device) -> None:
    """Of unchanged images: which pixels are deleted may hang on the last bit."""
    here, there = (
        load_arrays(in_folder(explained, tmp_path / name, kind))
        for name, kind in (("here", device.type), ("there", "cpu"))
    )
    for name in ("confidence", "followed"):
        np.testing.assert_allclose(here[name][:, 0], there[name][:, 0], rtol=0, atol=TOLERANCE)
    # A ReLU whose input is 0 but for the last bit has one of two gradients: 0.5 % on an H200.
    np.testing.assert_allclose(here["gap"], there["gap"], rtol=0.02, atol=TOLERANCE)
    assert np.corrcoef(here["attribution"].ravel(), there["attribution"].ravel())[0, 1] > 0.99


def tf32(values: torch.Tensor) -> torch.Tensor:
    """Return float32 values with the 10 bits of fraction that TF32 keeps."""
    return ((values.view(torch.int32) + 0x1000) & ~0x1FFF).view(torch.float32)


def test_convolutions_of_scores_are_float32(device: torch.device) -> None:
    images = torch.rand(4, 64, 32, 32)
    weight = torch.randn(1, 64, 3, 3) / 24
    exact = F.conv2d(images.double(), weight.double())
    found = F.conv2d(images.to(device), weight.to(device)).double().cpu()
    rounded = F.conv2d(tf32(images).double(), tf32(weight).double())
    assert (found - exact).abs().max() < 3e-5 < (rounded - exact).abs().max() / 10
