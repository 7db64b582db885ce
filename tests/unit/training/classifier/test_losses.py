import pytest
import torch
from torch.nn import functional as F

from maknet.training.classifier.losses import WeightedFocalLoss


def ones(labels: int, gamma: float) -> WeightedFocalLoss:
    return WeightedFocalLoss(torch.ones(labels), torch.ones(labels), gamma)


def test_without_focus_it_is_the_cross_entropy() -> None:
    logits, targets = torch.randn(5, 4), torch.randint(0, 2, (5, 4)).float()
    loss = ones(4, 0.0)(logits, targets, torch.ones(5, 4, dtype=torch.bool))
    torch.testing.assert_close(loss, F.binary_cross_entropy_with_logits(logits, targets))


def test_it_equals_the_formula() -> None:
    logits = torch.randn(6, 3, dtype=torch.float64)
    targets = torch.randint(0, 2, (6, 3)).double()
    known = torch.rand(6, 3) < 0.7
    up, down = torch.rand(3).double() * 9, torch.rand(3).double()
    p = torch.sigmoid(logits)
    expected = 0.0
    for b in range(6):
        for c in range(3):
            y = targets[b, c]
            p_true = p[b, c] if y else 1 - p[b, c]
            weight = up[c] if y else down[c]
            expected += float(known[b, c] * weight * (1 - p_true) ** 2 * -torch.log(p_true))
    loss = WeightedFocalLoss(up.float(), down.float(), 2.0)(logits, targets, known)
    assert loss.item() == pytest.approx(expected / 18, rel=1e-5)


def test_unknown_entries_have_no_gradient() -> None:
    logits = torch.randn(2, 3, requires_grad=True)
    known = torch.tensor([[True, False, True], [False, True, True]])
    ones(3, 2.0)(logits, torch.ones(2, 3), known).backward()
    assert logits.grad is not None
    assert torch.equal(logits.grad != 0, known)
