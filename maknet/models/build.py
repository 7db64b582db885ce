"""Networks built by name, and their weights on disk as safetensors. L labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from maknet.errors import InputError
from maknet.files import atomic_path, existing_file, parsing, read_json
from maknet.models.lesanet import LesaNet
from maknet.models.maknet import MAKNet
from maknet.seeding import seed_torch

TITLES = {"maknet": "MAKNet", "vgg16": "VGG16", "resnet18": "ResNet18", "lesanet": "LesaNet"}
NETWORKS = tuple(TITLES)
PAPER_LABELS = 115
_MAX_LABELS = 100_000


def build_network(name: str, num_labels: int, **settings: Any) -> nn.Module:  # noqa: ANN401
    """Build a network with random weights from torch's global generator.

    Args:
        name: `maknet`, `vgg16`, `resnet18` or `lesanet`.
        num_labels: Number of labels, L.
        settings: Keyword arguments of the network, as in the config section `networks`.

    Raises:
        InputError: There is no such network, or it has no such setting.
    """
    if name not in NETWORKS:
        raise InputError(f"there is no network {name!r}; choose one of {', '.join(NETWORKS)}.")
    try:
        return _builder(name)(num_labels, **settings)
    except TypeError as error:
        raise InputError(f"networks.{name}: {error}.") from error


def _builder(name: str) -> Callable[..., nn.Module]:
    """Return what builds a network; MAKNet does without torchvision, a second to import."""
    if name == "maknet":
        return MAKNet
    if name == "lesanet":
        return LesaNet
    from maknet.models.baselines import resnet18, vgg16

    return {"vgg16": vgg16, "resnet18": resnet18}[name]


def count_parameters(network: nn.Module) -> int:
    """Return the number of parameters; buffers do not count."""
    return sum(parameter.numel() for parameter in network.parameters())


@dataclass(frozen=True)
class NetworkSpec:
    """Everything that is needed to build a network.

    Attributes:
        arch: `maknet`, `vgg16`, `resnet18` or `lesanet`.
        num_labels: Number of labels, L.
        settings: Keyword arguments of the network, as in the config section `networks`.
    """

    arch: str
    num_labels: int
    settings: Mapping[str, Any]

    def build(self, seed: int, run: str) -> nn.Module:
        """Return a network whose initial weights depend only on the seed and the run's name."""
        seed_torch(seed, "weights", run)
        return build_network(self.arch, self.num_labels, **self.settings)

    def describe(self) -> dict[str, Any]:
        """Return the spec as JSON values with its counts, for `network.json`.

        `parameters` is counted from the configured network, `paper_size_parameters` from the same
        settings at width 1 and the paper's 115 labels.
        """
        with torch.device("meta"):  # counting needs no memory and draws no random numbers
            configured = build_network(self.arch, self.num_labels, **self.settings)
            full = build_network(self.arch, PAPER_LABELS, **{**self.settings, "width": 1.0})
        return {
            "name": self.arch,
            "title": TITLES[self.arch],
            "num_labels": self.num_labels,
            "settings": dict(self.settings),
            "width": self.settings.get("width", 1.0),
            "parameters": count_parameters(configured),
            "paper_size_parameters": count_parameters(full),
        }


def read_description(path: str | Path) -> dict[str, Any]:
    """Read what `NetworkSpec.describe` says of a network, a `network.json`.

    Raises:
        InputError: The file is missing, or says too little to build the network.
    """
    description = read_json(path)
    with parsing(path, "the description of a network", "train the run anew"):
        return _checked(dict(description))


def _checked(description: dict[str, Any]) -> dict[str, Any]:
    """Return a description of which a network can be built; errors of any kind where none can."""
    for key, kind in (
        ("name", str),
        ("num_labels", int),
        ("settings", dict),
        ("width", (int, float)),
    ):
        if not isinstance(description[key], kind):
            raise TypeError(f"its {key} is {description[key]!r:.80}")
    if not 0 < description["num_labels"] < _MAX_LABELS:
        raise ValueError(f"it has {description['num_labels']} labels")
    with torch.device("meta"):  # takes no memory, whatever the settings ask for
        build_network(description["name"], description["num_labels"], **description["settings"])
    return description


def load_network(weights: str | Path, description: Mapping[str, Any]) -> nn.Module:
    """Build the network that a `network.json` describes and load its trained weights."""
    network = build_network(
        description["name"], description["num_labels"], **description["settings"]
    )
    load_weights(weights, network)
    return network


def save_weights(path: str | Path, network: nn.Module, metadata: dict[str, str]) -> None:
    """Write all tensors as safetensors, atomically; the file cannot hold code."""
    from safetensors.torch import save

    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(tensors, metadata))  # Python's own errors tell of a full disk


def load_weights(path: str | Path, network: nn.Module) -> None:
    """Load every tensor of the network from safetensors.

    Raises:
        InputError: The file is damaged, or its tensors are not exactly the network's.
    """
    from safetensors.torch import load_file

    path = existing_file(path)
    with parsing(path, "a weights file", "train the run anew"):
        tensors = load_file(path)
    try:
        network.load_state_dict(tensors, strict=True)
    except RuntimeError as error:
        summary = " ".join(str(error).split())[:200]
        raise InputError(
            f"{path} does not fit the configured network ({summary}); train the run anew."
        ) from error
