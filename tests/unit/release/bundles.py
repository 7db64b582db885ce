"""Small released networks with random weights."""

from pathlib import Path
from typing import Any

import yaml

from maknet.config.settings import merge
from maknet.files import ROOT, write_json
from maknet.models.build import NetworkSpec, save_weights
from maknet.release.network_folder import InputSettings, Trained, finish, write_network

NAMES = ["chest", "abdomen", "lung", "left lung", "liver"]
RELATIONS: dict[str, Any] = {
    "names": NAMES, "parents": [[], [], [0], [2], [1]], "exclusive_pairs": [[0, 1], [2, 4]],
}  # fmt: skip


def write_bundle(folder: Path, arch: str = "maknet", thresholds: float = 0.5) -> Path:
    """Release a network of five labels and return its folder."""
    config: dict[str, Any] = {}
    for name in ("paper", "demo"):
        merge(config, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    settings = {"width": 0.125} | ({"features": 8, "embedding": 8} if arch == "lesanet" else {})
    spec = NetworkSpec(arch, len(NAMES), settings)
    weights, network = folder / f"{arch}.safetensors", folder / f"{arch}.json"
    folder.mkdir(parents=True, exist_ok=True)
    save_weights(weights, spec.build(3, arch), {})
    write_json(network, spec.describe())
    bundle = folder / arch
    write_network(
        bundle, Trained(arch, "phantom", weights, network, "ab" * 32, "phantom"),
        InputSettings(config["image"], config["series"], config["lesanet"]["input"]),
        RELATIONS, dict.fromkeys(NAMES, thresholds),
    )  # fmt: skip
    finish(bundle, "# A card\n", ROOT / "LICENSE")
    return bundle
