"""Each of LesaNet's losses and sampling rules against a slow, plain computation."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maknet.training.lesanet.losses import (
    hard_example_loss,
    label_similarity,
    mining_weights,
    reliable_entries,
    sample_triplets,
    triplet_loss,
    weighted_cross_entropy,
)


def drawn(seed: int, lesions: int = 7, labels: int = 6) -> tuple[torch.Tensor, ...]:
    generator = np.random.default_rng(seed)
    logits = torch.from_numpy(generator.normal(0, 3, (lesions, labels)).astype(np.float32))
    positive = torch.from_numpy((generator.random((lesions, labels)) < 0.4).astype(np.float32))
    upper = np.triu(generator.random((labels, labels)) < 0.4, 1)
    exclusive = torch.from_numpy((upper | upper.T).astype(np.float32))
    known = torch.from_numpy(generator.random((lesions, labels)) < 0.8)
    return logits, positive, exclusive, known


@given(st.integers(0, 10**6))
def test_weighted_cross_entropy(seed: int) -> None:
    logits, positive, _, known = drawn(seed)
    up, down = torch.rand(6) * 9, torch.rand(6)
    total = 0.0
    for i in range(7):
        for j in range(6):
            p = min(max(1 / (1 + math.exp(-float(logits[i, j]))), 1e-7), 1 - 1e-7)
            y = float(positive[i, j])
            weight = float(up[j]) if y else float(down[j])
            entropy = -(y * math.log(p) + (1 - y) * math.log(1 - p))
            total += float(known[i, j]) * weight * entropy
    loss = weighted_cross_entropy(logits, positive, known, (up, down))
    assert loss.item() == pytest.approx(total / 42, rel=1e-4)


def test_probabilities_are_clamped() -> None:
    logits = torch.tensor([[-100.0, 100.0]], requires_grad=True)
    one = torch.ones(2)
    loss = weighted_cross_entropy(
        logits, torch.tensor([[1.0, 1.0]]), torch.ones(1, 2, dtype=torch.bool), (one, one)
    )
    assert loss.item() == pytest.approx(-math.log(1e-7) / 2, rel=1e-4)


@given(st.integers(0, 10**6))
def test_reliable_entries_and_their_weights(seed: int) -> None:
    logits, positive, exclusive, _ = drawn(seed)
    reliable = reliable_entries(positive, exclusive)
    weights = mining_weights(logits, positive, reliable)
    for i in range(7):
        for j in range(6):
            excluded = any(positive[i, k] and exclusive[k, j] for k in range(6))
            expected = bool(positive[i, j]) or excluded
            assert bool(reliable[i, j]) == expected
            p = 1 / (1 + math.exp(-float(logits[i, j])))
            wanted = (p - float(positive[i, j])) ** 2 if expected else 0.0
            assert float(weights[i, j]) == pytest.approx(wanted, abs=1e-5)


def test_hard_examples_are_drawn_by_their_weight() -> None:
    logits, positive, exclusive, _ = drawn(4)
    reliable = reliable_entries(positive, exclusive)
    weights = mining_weights(logits, positive, reliable)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(
        logits, positive, reduction="none"
    )
    expected = float((entropy * weights).sum() / weights.sum())
    torch.manual_seed(1)
    loss = hard_example_loss(logits, positive, reliable, 200_000)
    assert loss.item() == pytest.approx(expected, rel=0.02)


def test_without_reliable_entries_there_is_no_loss_but_a_gradient() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = hard_example_loss(logits, torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bool), 10)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
    assert logits.grad is not None


@given(st.integers(0, 10**6))
def test_similarity(seed: int) -> None:
    positive = drawn(seed)[1]
    similarity = label_similarity(positive)
    for i in range(7):
        for j in range(7):
            a, b = ({k for k in range(6) if row[k]} for row in (positive[i], positive[j]))
            expected = len(a & b) * len(a & b) / len(a | b) if a | b else 0.0
            assert float(similarity[i, j]) == pytest.approx(expected)


def allowed(similarity: torch.Tensor, anchor: int) -> set[tuple[int, int]]:
    """Return the pairs that the sampling rule may choose for an anchor."""
    others = [i for i in range(len(similarity)) if i != anchor]
    best = max(float(similarity[anchor, i]) for i in others)
    near = [i for i in others if similarity[anchor, i] >= (1 if best >= 1 else best)]
    return {(n, f) for n in near for f in others if similarity[anchor, f] < similarity[anchor, n]}


@given(st.integers(0, 10**6))
def test_triplets_follow_the_rule_and_all_of_them_occur(seed: int) -> None:
    torch.manual_seed(seed)
    similarity = label_similarity(drawn(seed, lesions=5)[1])
    anchors, near, far = sample_triplets(similarity, 4000)
    seen = set(zip(anchors.tolist(), near.tolist(), far.tolist(), strict=True))
    expected = {(a, n, f) for a in range(5) for n, f in allowed(similarity, a)}
    assert seen <= expected
    assert len(seen) >= 0.9 * len(expected)


def test_triplet_loss_is_the_hinge_of_distances() -> None:
    positive = drawn(3)[1]
    embedding = torch.nn.functional.normalize(torch.randn(7, 4), dim=1)
    torch.manual_seed(2)
    loss = triplet_loss(embedding, positive, 500, 0.1)
    torch.manual_seed(2)
    total = [
        max(0.0, float((embedding[a] - embedding[n]).norm() - (embedding[a] - embedding[f]).norm())
            + 0.1)
        for a, n, f in zip(*sample_triplets(label_similarity(positive), 500), strict=True)
    ]  # fmt: skip
    assert loss.item() == pytest.approx(np.mean(total), rel=1e-4)


@pytest.mark.parametrize("lesions", [1, 2, 6])
def test_batches_without_a_triplet_have_no_loss(lesions: int) -> None:
    embedding = torch.randn(lesions, 4, requires_grad=True)
    loss = triplet_loss(embedding, torch.ones(lesions, 3), 50, 0.1)  # all alike
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.item() == 0
