"""The readings of "weighted focal loss", and what each makes of a score."""

import numpy as np
import pytest
import torch

from maknet.data.labels.class_weights import (
    ClassWeighting,
    chance_at_threshold,
    inverse_frequency,
)
from maknet.training.classifier.losses import WeightedFocalLoss


def test_weights_balance_positives_and_negatives() -> None:
    positive = np.zeros((100, 3), bool)
    positive[:10, 0] = positive[:50, 1] = True
    known = np.ones_like(positive)
    known[90:, 1] = False
    up, down = inverse_frequency(known.sum(0), (positive & known).sum(0), 300.0)
    assert up.tolist() == pytest.approx([5.0, 0.9, 300.0])
    assert down.tolist() == pytest.approx([100 / 180, 90 / 80, 0.5])


def test_weights_are_capped() -> None:
    counts = np.array([1000]), np.array([1])
    assert inverse_frequency(*counts, 300.0)[0].item() == 300.0
    assert ClassWeighting("lesanet", max_weight=1.0).weights(*counts)[0].item() == 1.0


def test_each_reading_has_its_weights() -> None:
    counts = np.array([100, 100]), np.array([10, 50])
    assert ClassWeighting("none").weights(*counts)[0].tolist() == [1, 1]
    up, down = ClassWeighting("alpha", alpha=0.25).weights(*counts)
    assert up.tolist() == [0.25, 0.25]
    assert down.tolist() == [0.75, 0.75]
    up, down = ClassWeighting("lesanet").weights(*counts)
    assert up.tolist() == pytest.approx([5, 1])
    assert down.tolist() == pytest.approx([100 / 180, 1])


@pytest.mark.parametrize("gamma", [0.0, 2.0])
@pytest.mark.parametrize("weights", [(50.0, 0.5), (1.0, 1.0), (0.25, 0.75)])
def test_the_chance_at_one_half_is_that_of_the_best_score(
    gamma: float, weights: tuple[float, float]
) -> None:
    """Minimize the real loss over one logit: at that chance the best score is 0.5."""
    up, down = (torch.tensor([value]) for value in weights)
    chance = float(chance_at_threshold(up.numpy(), down.numpy(), 0.5)[0])
    loss = WeightedFocalLoss(up, down, gamma)
    logits = torch.linspace(-4, 4, 8001)[:, None]
    known = torch.ones_like(logits, dtype=torch.bool)
    zero, one = torch.zeros_like(logits), torch.ones_like(logits)
    risk = [
        float(chance * loss(x, y1, k) + (1 - chance) * loss(x, y0, k))
        for x, y0, y1, k in zip(
            logits.split(1), zero.split(1), one.split(1), known.split(1), strict=True
        )
    ]
    assert float(logits[int(np.argmin(risk))]) == pytest.approx(0, abs=0.01)
