"""LesaNet's RoI pooling under autocast, as training on a GPU runs it: here on the CPU."""

import pytest
import torch
from torch import Tensor

from maknet.models.build import build_network
from maknet.models.lesanet import _pool_regions

# In bfloat16 the third corner is 116, which begins the next pixel of a map at a quarter.
BOXES = torch.tensor([[3.0, 4.5, 115.6, 47.2], [60.1, 0.0, 61.9, 119.0]])
SCALE = 1 / 4


def pooled(features: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pooling, and the gradient of its weighted sum."""
    features = features.clone().requires_grad_()
    out = _pool_regions(features, BOXES, SCALE)
    (out * weight).sum().backward()
    assert features.grad is not None
    return out.detach(), features.grad


def test_a_feature_map_in_bfloat16_is_pooled_in_float32() -> None:
    """The same values, and the float32 gradient rounded once."""
    features, weight = torch.rand(2, 4, 30, 30).bfloat16(), torch.rand(2, 4, 5, 5)
    with torch.autocast("cpu", torch.bfloat16):
        mixed, gradient = pooled(features, weight)
    plain, expected = pooled(features.float(), weight)
    assert mixed.dtype == torch.float32
    assert torch.equal(mixed, plain)
    assert gradient.dtype == torch.bfloat16
    assert torch.equal(gradient, expected.bfloat16())


def test_a_rounded_box_would_be_another_region() -> None:
    """What the test above would miss if boxes followed the feature map's type."""
    features = torch.rand(2, 4, 30, 30)
    rounded = BOXES.bfloat16().float()
    assert not torch.equal(
        _pool_regions(features, BOXES, SCALE), _pool_regions(features, rounded, SCALE)
    )


def test_torchvision_pools_no_bfloat16() -> None:
    """The reason for the cast; when this fails, look at whether it is still needed."""
    numbered = torch.cat([torch.arange(2.0)[:, None], BOXES], 1).bfloat16()
    with pytest.raises(RuntimeError, match="not implemented for 'BFloat16'"):
        torch.ops.torchvision.roi_pool(torch.rand(2, 4, 30, 30).bfloat16(), numbered, SCALE, 5, 5)


def test_a_step_under_autocast_is_near_the_step_without() -> None:
    network = build_network("lesanet", 6, features=32, embedding=16, width=0.25)
    patches = torch.rand(2, 3, 120, 120) - 0.2
    gradients = []
    for enabled in (False, True):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            output = network(patches, BOXES)
        loss = output.propagated.float().square().sum() + output.embedding.float()[:, 0].sum()
        loss.backward()
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters()
                                    if p.grad is not None]))  # fmt: skip
    plain, mixed = gradients
    assert mixed.isfinite().all()
    assert (
        torch.cosine_similarity(plain, mixed, dim=0) > 0.8
    )  # few patches, and batch normalization
