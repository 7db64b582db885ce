from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from maknet.errors import InputError
from maknet.files import ROOT, write_json
from maknet.models.build import (
    NetworkSpec,
    build_network,
    count_parameters,
    load_network,
    load_weights,
    read_description,
    save_weights,
)
from maknet.models.lesanet import LesaNet

PAPER = yaml.safe_load((ROOT / "config/paper.yaml").read_text())["networks"]


@pytest.mark.parametrize(
    ("name", "labels", "count", "printed"),
    [
        ("maknet", 115, 4_503_511, "4.50"),
        ("vgg16", 115, 14_782_131, "14.78"),
        ("resnet18", 115, 11_248_847, "11.25"),
    ],
)
def test_the_configured_networks_have_the_printed_size(
    name: str, labels: int, count: int, printed: str
) -> None:
    network = build_network(name, labels, **PAPER[name])
    assert count_parameters(network) == count
    assert f"{count / 1e6:.2f}" == printed


def test_lesanet_has_the_size_of_the_released_code() -> None:
    assert count_parameters(build_network("lesanet", 171)) == 24_721_615


@pytest.mark.parametrize("name", ["maknet", "vgg16", "resnet18"])
def test_the_default_settings_are_the_papers(name: str) -> None:
    default, configured = build_network(name, 5), build_network(name, 5, **PAPER[name])
    assert str(default) == str(configured)


@pytest.mark.parametrize("name", ["maknet", "vgg16", "resnet18"])
@pytest.mark.parametrize("width", [0.125, 0.25])
def test_width_keeps_the_topology(name: str, width: float) -> None:
    narrow, full = build_network(name, 7, width=width), build_network(name, 7)
    assert list(narrow.state_dict()) == list(full.state_dict())
    assert count_parameters(narrow) < 0.15 * count_parameters(full)
    first, final = narrow.eval()(torch.rand(2, 3, 64, 64))
    assert first.shape == final.shape == (2, 7)


def test_unknown_names_and_settings_are_named() -> None:
    with pytest.raises(InputError, match="no network 'alexnet'; choose one of maknet"):
        build_network("alexnet", 3)
    with pytest.raises(InputError, match=r"networks\.maknet: .*depth"):
        build_network("maknet", 3, depth=4)


def test_weights_survive_a_round_trip_and_must_fit(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    network = build_network("maknet", 5, width=0.125)
    save_weights(path, network, {"arch": "maknet"})
    other = build_network("maknet", 5, width=0.125)
    load_weights(path, other)
    for name, tensor in network.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor)
    with pytest.raises(InputError, match="does not fit the configured network"):
        load_weights(path, build_network("maknet", 6, width=0.125))
    path.write_bytes(b"no weights")
    with pytest.raises(InputError, match="is not a weights file"):
        load_weights(path, other)


def test_a_described_run_is_built_again(tmp_path: Path) -> None:
    settings = {**PAPER["resnet18"], "width": 0.125}
    description = NetworkSpec("resnet18", 5, settings).describe()
    network = build_network("resnet18", 5, **settings)
    assert description["parameters"] == count_parameters(network)
    assert description["paper_size_parameters"] == 11_248_847
    save_weights(tmp_path / "m.safetensors", network, {})
    again = load_network(tmp_path / "m.safetensors", description).eval()
    x = torch.rand(1, 3, 64, 64)
    assert torch.equal(again(x)[1], network.eval()(x)[1])


@pytest.mark.parametrize(
    ("change", "words"),
    [({"name": None}, "its name is None"), ({"name": "vgg99"}, "there is no network 'vgg99'"),
     ({"num_labels": "5"}, "its num_labels is '5'"), ({"num_labels": 0}, "it has 0 labels"),
     ({"num_labels": 10**30}, "it has 1000000"), ({"settings": []}, r"its settings is \[\]"),
     ({"settings": {"widht": 1}}, "widht"), ({"settings": {"width": "x"}}, "network"),
     ({"width": None}, "its width is None")],
)  # fmt: skip
def test_another_description_is_refused(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    description = NetworkSpec("resnet18", 5, {**PAPER["resnet18"], "width": 0.125}).describe()
    write_json(tmp_path / "network.json", description)
    assert read_description(tmp_path / "network.json") == description
    write_json(tmp_path / "network.json", description | change)
    with pytest.raises(InputError, match=words):
        read_description(tmp_path / "network.json")


@pytest.mark.parametrize("text", ["{}", "[]", "null", "3", '{"name": "maknet"}', "[" * 100_000])
def test_a_description_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "network.json").write_text(text)
    with pytest.raises(InputError, match=r"network\.json is not"):
        read_description(tmp_path / "network.json")


def test_describing_draws_no_random_numbers() -> None:
    before = torch.get_rng_state()
    NetworkSpec("vgg16", 5, PAPER["vgg16"]).describe()
    assert torch.equal(torch.get_rng_state(), before)


def test_imagenet_input_is_normalized() -> None:
    mean = build_network("resnet18", 5, width=0.125, imagenet_input=True).get_buffer("mean")
    assert mean.flatten().tolist() == pytest.approx([0.485, 0.456, 0.406])


def plain_roi_pool(features: np.ndarray, box: tuple[float, ...], scale: float) -> np.ndarray:
    """RoI max pooling as Fast R-CNN wrote it: corners rounded, the last pixel included."""
    x1, y1, x2, y2 = (int(np.floor(value * scale + 0.5)) for value in box)
    height, width = max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)
    pooled = np.zeros((features.shape[0], 5, 5), features.dtype)
    for row in range(5):
        for column in range(5):
            top = min(max(int(np.floor(row * height / 5)) + y1, 0), features.shape[1])
            bottom = min(max(int(np.ceil((row + 1) * height / 5)) + y1, 0), features.shape[1])
            left = min(max(int(np.floor(column * width / 5)) + x1, 0), features.shape[2])
            right = min(max(int(np.ceil((column + 1) * width / 5)) + x1, 0), features.shape[2])
            if bottom > top and right > left:
                pooled[:, row, column] = features[:, top:bottom, left:right].max((1, 2))
    return pooled


@pytest.mark.parametrize("box", [(50.0, 40.0, 70.0, 66.0), (0.0, 3.4, 118.6, 119.0),
                                 (100.2, 90.7, 140.0, 131.0)])  # fmt: skip
def test_lesanets_regions_on_a_hand_made_feature_map(box: tuple[float, ...]) -> None:
    """At five depths: the box in the first three, the whole patch in the last two."""
    network = LesaNet(4, width=0.125)
    scales, regions = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16], [box] * 3 + [(0, 0, 119, 119)] * 2
    maps = [torch.rand(1, 8, int(120 * s), int(120 * s)) for s in scales]
    seen: list[torch.Tensor] = []
    for layer in network.fully_connected:
        layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        layer.weight = torch.nn.Parameter(torch.zeros(256, 8 * 25))

    class Stage(torch.nn.Module):
        def __init__(self, features: torch.Tensor) -> None:
            super().__init__()
            self.features = features

        def forward(self, _: torch.Tensor) -> torch.Tensor:
            return self.features

    network.backbone = torch.nn.Sequential(*(Stage(features) for features in maps))
    network._ends = list(range(5))
    network._features(torch.zeros(1, 3, 120, 120), torch.tensor([box]))
    for features, scale, region, pooled in zip(maps, scales, regions, seen, strict=True):
        expected = plain_roi_pool(features[0].numpy(), region, scale)
        np.testing.assert_array_equal(pooled.reshape(8, 5, 5).numpy(), expected)


def test_lesanets_gradient_is_torchvisions_and_deterministic() -> None:
    """On a GPU torchvision's own backward adds up in any order, and is refused."""
    from torchvision.ops import roi_pool

    from maknet.models.lesanet import _pool_regions

    features = torch.rand(3, 4, 30, 30, dtype=torch.float32)
    boxes = torch.tensor([[3.0, 4, 20, 9], [0, 0, 29, 29], [25, 25, 45, 40]])
    ours, theirs = (features.clone().requires_grad_() for _ in range(2))
    weight = torch.rand(3, 4, 5, 5)
    pooled = _pool_regions(ours, boxes, 0.5)
    expected = roi_pool(theirs, list(boxes.split(1)), 5, 0.5)
    assert torch.equal(pooled, expected)
    (pooled * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)

    network = LesaNet(4, width=0.125)
    waiting = [network(torch.rand(1, 3, 64, 64), boxes[:1]).logits.grad_fn]
    seen = set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [parent for parent, _ in node.next_functions]
    assert not [node.name() for node in seen if "roi_pool" in node.name().lower()]


def test_lesanet_pools_the_box_early_and_the_patch_late() -> None:
    network = LesaNet(4, width=0.125).eval()
    patch = torch.rand(1, 3, 120, 120)
    small, large = torch.tensor([[50.0, 50, 70, 70]]), torch.tensor([[20.0, 20, 100, 100]])
    first, second = (network._features(patch, box) for box in (small, large))
    same = [torch.equal(a, b) for a, b in zip(first, second, strict=True)]
    assert same == [False, False, False, True, True]
    output = network(patch, small)
    assert output.embedding.norm(dim=1).item() == pytest.approx(1)
    assert torch.equal(output.logits, output.propagated)
