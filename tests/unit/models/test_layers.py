import pytest
import torch
from torch import nn
from torch.nn import functional as F

from maknet.models.layers import (
    CBAM,
    GlobalConcatPool2d,
    LabelHead,
    MAKConv2d,
    MixPool2d,
    ScorePropagation,
)


@pytest.mark.parametrize("kernel", [1, 3, 5, 7])
def test_one_convolution_equals_four_in_value_and_gradient(kernel: int) -> None:
    layer = MAKConv2d(6, 8, kernel).double()
    x = torch.randn(2, 6, 9, 11, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(2, 8, 9, 11, dtype=torch.float64)
    results = []
    for forward in (layer.forward, layer.forward_by_group):
        out = forward(x)
        gradients = torch.autograd.grad((out * weights).sum(), [x, *layer.parameters()])
        results.append((out, *gradients))
    for one, four in zip(*results, strict=True):
        torch.testing.assert_close(one, four, rtol=1e-12, atol=1e-12)


def test_makconv_groups_see_all_inputs_through_their_own_kernels() -> None:
    layer = MAKConv2d(5, 12, 3)
    shapes = [tuple(parameter.shape) for parameter in layer.parameters()]
    assert shapes == [(3, 5, 3, 3), (3, 5, 1, 3), (3, 5, 3, 1), (3, 5, 1, 1)]
    merged = layer.merged_weight()
    assert merged.shape == (12, 5, 3, 3)
    assert merged[3:6, :, [0, 2]].abs().sum() == 0  # 1 x k has one row
    assert merged[6:9, :, :, [0, 2]].abs().sum() == 0  # k x 1 has one column
    # (k + 1)^2 / 4 weights for each pair of channels, 56 % fewer than k * k at k = 3.
    assert sum(p.numel() for p in layer.parameters()) == 5 * 12 * 4


@pytest.mark.parametrize(("out", "kernel"), [(6, 3), (8, 2)])
def test_makconv_refuses_what_it_cannot_split(out: int, kernel: int) -> None:
    with pytest.raises(ValueError, match="not"):
        MAKConv2d(3, out, kernel)


def test_mixpool_starts_as_the_mean_of_both_and_learns_its_gains() -> None:
    pool = MixPool2d()
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert pool(x).item() == pytest.approx((3 + 6) / 2)
    pool(x).sum().backward()
    assert pool.gains.grad is not None
    assert pool.gains.grad.tolist() == pytest.approx([-3 / 4, -6 / 4])
    assert pool(torch.rand(2, 3, 9, 6)).shape == (2, 3, 4, 3)


def test_global_concat_pool_is_mean_then_maximum() -> None:
    x = torch.rand(2, 3, 4, 5)
    pooled = GlobalConcatPool2d()(x)
    torch.testing.assert_close(pooled[:, :3], F.adaptive_avg_pool2d(x, 1).flatten(1))
    torch.testing.assert_close(pooled[:, 3:], F.adaptive_max_pool2d(x, 1).flatten(1))


def test_score_propagation_starts_as_the_identity_and_learns_relations() -> None:
    layer = ScorePropagation(4)
    logits = torch.randn(3, 4)
    assert torch.equal(layer(logits), logits)
    with torch.no_grad():
        layer.weight[1, 0] = 2.0  # label 0 raises label 1
    assert torch.allclose(layer(logits)[:, 1], logits[:, 1] + 2 * logits[:, 0])


def test_cbam_scales_by_channel_and_by_place() -> None:
    attention = CBAM(32, reduction=16).eval()
    x = torch.randn(2, 32, 8, 8)
    out = attention(x)
    gate = out / x
    assert out.shape == x.shape
    assert (gate > 0).all()
    assert (gate < 1).all()
    # A gate is the product of one factor a channel and one a place.
    outer = gate[:, :1] * gate[:, :, :1, :1] / gate[:, :1, :1, :1]
    torch.testing.assert_close(gate, outer, rtol=1e-3, atol=1e-5)


def test_head_returns_one_tensor_twice_without_propagation() -> None:
    first, final = LabelHead(8, 3, 0.5, score_propagation=False)(torch.rand(2, 8))
    assert first is final
    head = LabelHead(8, 3, 0.0, score_propagation=True)
    first, final = head(torch.rand(2, 8))
    assert first is not final
    assert torch.equal(first, final)  # the identity, at the start


def test_dropout_is_off_in_evaluation() -> None:
    head = LabelHead(64, 3, 0.5, score_propagation=True)
    x = torch.rand(2, 64)
    assert not torch.equal(head(x)[0], head(x)[0])
    head.eval()
    assert torch.equal(head(x)[0], head(x)[0])
    assert isinstance(head.dropout, nn.Dropout)
