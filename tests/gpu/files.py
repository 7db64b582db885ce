"""Drawn networks and the files that rules read, for runs of their scripts on any device."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from maknet.data.labels.label_table import LabelTable, save_table
from maknet.data.shards.shard import write_shard
from maknet.files import write_json, write_rows
from maknet.models.build import NetworkSpec, save_weights
from maknet.models.lesanet import LesaNetOutput, patch_input

LABELS, SIDE, IMAGES = 12, 64, 37  # the last batch is a small one
WINDOW = (-1024.0, 3071.0)
SETTINGS: dict[str, dict[str, Any]] = {
    "maknet": {"width": 0.25},
    "vgg16": {"width": 0.125},
    "resnet18": {"width": 0.25},
    "lesanet": {"width": 0.125, "features": 32, "embedding": 16},
}
SIDES = {"crop_top": 0, "crop_bottom": 128, "crop_left": 0, "crop_right": 128}
EXPLAIN = {
    "steps": 8, "top": 3, "examples": 2, "lesions": None, "region_scale": 2.0,
    "deleted_fraction": 0.05, "fractions": [0.0, 0.1, 0.3],
}  # fmt: skip


def drawn_images(count: int = IMAGES, seed: int = 1) -> np.ndarray:
    """Return smooth random images, (count, 3, SIDE, SIDE) uint8: noise alone averages out."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (count, 3, SIDE // 8, SIDE // 8))
    fine = generator.integers(-20, 20, (count, 3, SIDE, SIDE))
    return (coarse.repeat(8, 2).repeat(8, 3) + fine).clip(0, 255).astype(np.uint8)


def boxes(count: int = IMAGES) -> np.ndarray:
    """Return boxes within a patch, (count, 4) float32."""
    generator = np.random.default_rng(2)
    corner = generator.uniform(0, SIDE / 2, (count, 2))
    size = generator.uniform(2, SIDE / 2, (count, 2))
    return np.concatenate([corner, corner + size], 1).astype(np.float32)


def settled(arch: str) -> nn.Module:
    """Return a network with random weights whose scores differ from image to image."""
    network = NetworkSpec(arch, LABELS, SETTINGS[arch]).build(1, arch).train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0  # the statistics of the images below, at once
    classifier = getattr(network, "head", network).classifier
    with torch.no_grad():
        first_logits(arch, network, drawn_images(32))
        network.eval()
        logits = first_logits(arch, network, drawn_images(32))
        scale = 2 / logits.std(0)
        classifier.weight.mul_(scale[:, None])
        classifier.bias.add_(-logits.mean(0)).mul_(scale)
    return network


def first_logits(arch: str, network: nn.Module, images: np.ndarray) -> Tensor:
    """Return the logits of images on the CPU before score propagation."""
    return outputs(arch, network, images)[0]


def outputs(arch: str, network: nn.Module, images: np.ndarray) -> Sequence[Tensor]:
    """Return what a network returns for images on the CPU, without any of the library's loops."""
    if arch == "lesanet":
        patches = patch_input(torch.from_numpy(as_hu(images)), WINDOW, torch.device("cpu"))
        output: LesaNetOutput = network(patches, torch.from_numpy(boxes(len(images))))
        return output
    return network(torch.from_numpy(images).float() / 255)


def as_hu(images: np.ndarray) -> np.ndarray:
    """Return images as patches, int16 HU."""
    return images.astype(np.int16) * 4 - 500


def write_network(folder: Path, arch: str) -> dict[str, Path]:
    """Write a network as a training leaves it, and return `weights` and `network`."""
    files = {"weights": folder / f"{arch}.safetensors", "network": folder / f"{arch}.json"}
    save_weights(files["weights"], settled(arch), {"arch": arch})
    write_json(files["network"], NetworkSpec(arch, LABELS, SETTINGS[arch]).describe())
    return files


def write_hand(folder: Path, count: int = IMAGES) -> dict[str, Path]:
    """Write a split of labeled images with its lesions' table, two lesions a patient."""
    names = ("hand.npy", "hand.csv", "hand.npz", "DL_info.csv")
    kinds = ("hand", "hand_index", "hand_labels", "dl_info")
    files = dict(zip(kinds, (folder / name for name in names), strict=True))
    write_shard(files["hand"], drawn_images(count))
    rows = [{"lesion_index": i, **SIDES} for i in range(count)]
    write_rows(files["hand_index"], tuple(rows[0]), rows)
    generator = np.random.default_rng(3)
    positive = generator.random((count, LABELS)) < 0.3
    names = tuple(f"label {i}" for i in range(LABELS))
    save_table(
        files["hand_labels"],
        LabelTable(names, np.arange(count), positive, np.ones_like(positive)),
    )
    info = [
        {"File_name": f"{i // 2:06d}_01_01_{i:03d}.png", "Patient_index": i // 2,
         "Key_slice_index": i, "Bounding_boxes": "30,40,70,60", "Spacing_mm_px_": "0.8,0.8,5",
         "Possibly_noisy": 0}
        for i in range(count)
    ]  # fmt: skip
    write_rows(files["dl_info"], tuple(info[0]), info)
    return files


def write_patches(folder: Path) -> tuple[Path, Path]:
    """Write LesaNet's patches and their index."""
    write_shard(folder / "patches.npy", as_hu(drawn_images()))
    rows = [
        {"lesion_index": i, **dict(zip(("x1", "y1", "x2", "y2"), map(float, box), strict=True))}
        for i, box in enumerate(boxes())
    ]
    write_rows(folder / "patches.csv", tuple(rows[0]), rows)
    return folder / "patches.npy", folder / "patches.csv"
