"""Pretrained backbones are loaded whole, by name, and provably."""

from pathlib import Path

import pytest
import torch

from maknet.errors import InputError
from maknet.models.build import build_network, save_weights
from maknet.models.transfer import backbone_file, load_backbone

SMALL = {"features": 8, "embedding": 8, "width": 0.125}


def vgg16(path: Path, width: float = 0.125, change: bool = True) -> Path:
    torch.manual_seed(3)
    network = build_network("vgg16", 5, width=width)
    if change:
        with torch.no_grad():
            for tensor in network.state_dict().values():
                tensor += 1
    save_weights(path, network, {"arch": "vgg16"})
    return path


def test_every_tensor_of_the_backbone_is_the_files(tmp_path: Path) -> None:
    lesanet = build_network("lesanet", 7, **SMALL)
    heads = {k: v.clone() for k, v in lesanet.state_dict().items() if not k.startswith("backbone.")}
    report = load_backbone(lesanet, vgg16(tmp_path / "model.safetensors"))
    source = build_network("vgg16", 5, width=0.125)
    from maknet.models.build import load_weights

    load_weights(tmp_path / "model.safetensors", source)
    backbone = {k: v for k, v in lesanet.state_dict().items() if k.startswith("backbone.")}
    assert report["tensors"] == 13 * 6  # weight and bias of 13 convolutions, 4 of normalizations
    for name, tensor in backbone.items():
        if "num_batches" not in name:
            assert torch.equal(tensor, source.state_dict()[name])
    for name, tensor in heads.items():
        assert torch.equal(tensor, lesanet.state_dict()[name])
    assert report["source"] == "model.safetensors"
    assert len(report["backbone_sha256"]) == 64


def test_torchvisions_file_fits_by_its_own_names(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = build_network("vgg16", 5, width=0.125)
    state = {f"features.{name.removeprefix('backbone.')}": tensor + 1.0
             for name, tensor in network.state_dict().items()
             if name.startswith("backbone.") and "num_batches" not in name}  # fmt: skip
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    torch.save({**state, "classifier.0.weight": torch.zeros(3)}, folder / "vgg16_bn-0.pth")
    lesanet = build_network("lesanet", 7, **SMALL)
    load_backbone(lesanet, backbone_file(tmp_path))
    assert torch.equal(lesanet.state_dict()["backbone.0.weight"], state["features.0.weight"])


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    lesanet = build_network("lesanet", 7, **SMALL)
    with pytest.raises(InputError, match="has the shape"):
        load_backbone(lesanet, vgg16(tmp_path / "wide.safetensors", width=0.25))
    save_weights(tmp_path / "other.safetensors", build_network("resnet18", 5, width=0.125), {})
    with pytest.raises(InputError, match="is in only one of them"):
        load_backbone(lesanet, tmp_path / "other.safetensors")
    (tmp_path / "none.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="is not a weights file"):
        load_backbone(lesanet, tmp_path / "none.safetensors")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds 0 weights files"):
        backbone_file(tmp_path / "empty")


def test_weights_that_change_nothing_are_refused(tmp_path: Path) -> None:
    """Running statistics of a network that never trained are those of a fresh one."""
    lesanet = build_network("lesanet", 7, **SMALL)
    with pytest.raises(InputError, match="holds no trained weights"):
        load_backbone(lesanet, vgg16(tmp_path / "m.safetensors", change=False))


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_classifiers_take_torchvisions_own_file(name: str, tmp_path: Path) -> None:
    from torchvision import models

    torch.manual_seed(1)
    model = models.vgg16_bn() if name == "vgg16" else models.resnet18()
    for parameter in model.parameters():
        parameter.data += 0.01  # as training would; fresh normalizations are all alike
    for key, buffer in model.named_buffers():
        if "num_batches" not in key:
            buffer += 0.01
    torch.save(model.state_dict(), tmp_path / f"{name}-0.pth")
    network = build_network(name, 5)
    heads = {k: v.clone() for k, v in network.state_dict().items() if k.startswith("head.")}
    report = load_backbone(network, backbone_file(tmp_path))
    state = network.state_dict()
    prefix = "features." if name == "vgg16" else ""
    for key, tensor in model.state_dict().items():
        is_head = key.startswith(("classifier", "fc."))
        if key.startswith(prefix) and not is_head and "num_batches" not in key:
            assert torch.equal(state[f"backbone.{key.removeprefix(prefix)}"], tensor), key
    assert all(torch.equal(state[key], tensor) for key, tensor in heads.items())
    assert report["tensors"] == (13 * 6 if name == "vgg16" else 20 * 5)
