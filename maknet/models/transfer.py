"""Pretrained weights for a network's backbone (paper section 4.5): loaded by name and verified.

LesaNet's released code reads its pretrained weights into a copy that is never used; a run that was
meant to start from ImageNet starts from nothing and does not say so. Here every tensor of the
backbone must be in the file, must have its shape, and must differ afterwards from what was there
before.
"""

import hashlib
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from maknet.errors import InputError
from maknet.files import existing_file, sha256

_BACKBONE = "backbone."
_TORCHVISION_BACKBONE = "features."  # of VGG16; ResNet18 has no prefix, and `fc.` behind it
_TORCHVISION_HEAD = "fc."
_COUNTER = "num_batches_tracked"  # of batch normalization; old files lack it, nothing reads it


def load_backbone(network: nn.Module, path: str | Path) -> dict[str, Any]:
    """Replace the convolutions and normalizations of a network by pretrained ones.

    Args:
        network: A LesaNet, VGG16 or ResNet18.
        path: A `model.safetensors` of this workflow with the same backbone, or torchvision's
            `vgg16_bn-*.pth` or `resnet18-*.pth`.

    Returns:
        What was loaded, as JSON values: `source`, `sha256`, `tensors`, `values`, and
        `backbone_sha256` of the backbone's values afterwards.

    Raises:
        InputError: The file does not hold exactly the backbone, or a tensor did not change.
    """
    wanted = {
        name: tensor for name, tensor in network.state_dict().items()
        if name.startswith(_BACKBONE) and not name.endswith(_COUNTER)
    }  # fmt: skip
    before = {name: tensor.clone() for name, tensor in wanted.items()}
    found = _backbone_of(Path(path))
    _check_names(wanted, found, path)
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(found[name])
    after = network.state_dict()
    same = [name for name in wanted if torch.equal(after[name], before[name])]
    if same:
        raise InputError(
            f"{path} left {same[0]} of the backbone as it was ({len(same)} of {len(wanted)} "
            "tensors); it holds no trained weights."
        )
    return {
        "source": Path(path).name,
        "sha256": sha256(path),
        "tensors": len(wanted),
        "values": sum(tensor.numel() for tensor in wanted.values()),
        "backbone_sha256": _values_digest({name: after[name] for name in wanted}),
    }


def backbone_file(path: str | Path) -> Path:
    """Return the weights file itself, or the one in a folder that `fetch_imagenet` made.

    Raises:
        InputError: The file is missing, or the folder does not hold exactly one.
    """
    path = Path(path)
    if path.is_dir():
        files = sorted(path.rglob("*.pth"))
        if len(files) != 1:
            raise InputError(f"{path} holds {len(files)} weights files, not one; fetch it anew.")
        return files[0]
    return existing_file(path)


def _backbone_of(path: Path) -> dict[str, Tensor]:
    """Return the backbone's tensors of a file by the names that our networks give them."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    existing_file(path)
    try:
        if path.suffix == ".pth":
            tensors = torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 - no code
            has_prefix = any(name.startswith(_TORCHVISION_BACKBONE) for name in tensors)
            prefix = _TORCHVISION_BACKBONE if has_prefix else ""
        else:
            tensors, prefix = load_file(path), _BACKBONE
    except (
        SafetensorError, OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        raise InputError(f"{path} is not a weights file ({error}); make it anew.") from error
    return {
        _BACKBONE + name.removeprefix(prefix): tensor for name, tensor in tensors.items()
        if name.startswith(prefix) and not name.endswith(_COUNTER)
        and not name.startswith(_TORCHVISION_HEAD)
    }  # fmt: skip


def _check_names(
    wanted: Mapping[str, Tensor], found: Mapping[str, Tensor], path: str | Path
) -> None:
    differing = sorted(wanted.keys() ^ found.keys())
    if differing:
        raise InputError(
            f"{path} does not fit the network's backbone: {differing[0]} is in only one of them "
            f"({len(differing)} tensors differ); use weights of the same architecture."
        )
    for name, tensor in wanted.items():
        if found[name].shape != tensor.shape:
            raise InputError(
                f"{path} does not fit the network's backbone: {name} has the shape "
                f"{tuple(found[name].shape)}, not {tuple(tensor.shape)}; use the same width."
            )


def _values_digest(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].contiguous().cpu().numpy().tobytes())
    return digest.hexdigest()
