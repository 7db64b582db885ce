"""LesaNet's losses (arXiv 1904.04661, section 3, with the constants of its released code).

Four terms are summed: weighted cross-entropy on the logits before and after score propagation, and
on those before it the relational hard example mining; a triplet loss on the embedding. What is
sampled is drawn from torch's global generator, which the training loop seeds at every step.
B lesions, L labels, E the width of the embedding, K samples.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

_LARGEST_LOGIT = 16.118095  # probabilities stay within [1e-7, 1 - 1e-7]


def weighted_cross_entropy(
    logits: Tensor, positive: Tensor, known: Tensor, weights: tuple[Tensor, Tensor]
) -> Tensor:
    """Return the weighted binary cross-entropy, a scalar.

    It is the mean over all B x L entries, of which unknown ones contribute 0.

    Args:
        logits: (B, L).
        positive: 1 for the positive labels, else 0, (B, L) float.
        known: Whether each label is known, (B, L) bool.
        weights: Weights of the positive and of the negative entries, (L,) each.
    """
    positive_weight, negative_weight = weights
    weight = (positive * positive_weight + (1 - positive) * negative_weight) * known
    return F.binary_cross_entropy_with_logits(_clamped(logits), positive, weight)


def reliable_entries(positive: Tensor, exclusive: Tensor) -> Tensor:
    """Return the entries whose label is certain (B, L): positives, and what they exclude.

    A report that names a label tells nothing of labels it does not name, but one that is exclusive
    with a named label is surely absent.

    Args:
        positive: 1 for the positive labels, else 0, (B, L) float.
        exclusive: 1 where two labels exclude each other, else 0, (L, L) float, symmetric.
    """
    return (positive > 0) | (positive @ exclusive > 0)


def mining_weights(logits: Tensor, positive: Tensor, reliable: Tensor) -> Tensor:
    """Return the unnormalized sampling probability of each entry (B, L): |p - y|^2.

    Args:
        logits: (B, L).
        positive: 1 for the positive labels, else 0, (B, L) float.
        reliable: Whether each label is certain, (B, L) bool; others have probability 0.
    """
    error = torch.sigmoid(_clamped(logits.detach())) - positive
    return error.square() * reliable


def hard_example_loss(logits: Tensor, positive: Tensor, reliable: Tensor, samples: int) -> Tensor:
    """Return the mean cross-entropy of sampled hard entries, a scalar.

    Args:
        logits: (B, L).
        positive: 1 for the positive labels, else 0, (B, L) float.
        reliable: Whether each label is certain, (B, L) bool; only such entries are drawn.
        samples: Number of entries, drawn with replacement.
    """
    weights = mining_weights(logits, positive, reliable)
    if not weights.sum() > 0:
        return logits.sum() * 0
    chosen = draw_entries(weights, samples).to(logits.device)
    return F.binary_cross_entropy_with_logits(
        _clamped(logits).flatten()[chosen], positive.flatten()[chosen]
    )


def draw_entries(weights: Tensor, samples: int) -> Tensor:
    """Draw entries with replacement, with a probability that is proportional to their weight.

    On the CPU the sums are the same in every run; on a GPU their order, and so the draws, may vary.
    Sorted keys are found four times as fast, and a mean does not depend on the order.

    Args:
        weights: Unnormalized probabilities, (B, L).
        samples: Number of entries to draw, K.

    Returns:
        Sorted positions in the flattened weights, (K,) on the CPU.
    """
    cumulative = weights.flatten().double().cpu().cumsum(0).numpy()
    draws = torch.rand(samples, dtype=torch.float64).numpy() * cumulative[-1]
    chosen = np.searchsorted(cumulative, np.sort(draws), side="right")
    return torch.from_numpy(chosen.clip(max=len(cumulative) - 1))


def label_similarity(positive: Tensor) -> Tensor:
    """Return the similarity of each pair of lesions, (B, B): shared labels times the labels' IoU.

    Args:
        positive: 1 for the positive labels, else 0, (B, L) float.
    """
    common = positive @ positive.T
    size = positive.sum(1)
    union = size[:, None] + size[None, :] - common
    return common * common / union.clamp(min=1)


def sample_triplets(similarity: Tensor, samples: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw up to `samples` triplets of an anchor, a similar and a less similar lesion.

    The similar lesion has a similarity of at least 1, or is the most similar one where none has;
    the other may be any of a lower similarity. Anchors for which there is no other drop out.

    Args:
        similarity: Similarity of each pair of lesions, (B, B).
        samples: Number of anchors, drawn with replacement.

    Returns:
        Rows of anchors, similar and less similar lesions, (K,) each, K <= samples.
    """
    similarity = similarity.detach().cpu().clone()
    count = len(similarity)
    ranked, lesion = similarity.fill_diagonal_(-1.0).sort(dim=1, descending=True)
    ranked, lesion = ranked[:, :-1], lesion[:, :-1]  # the last is the anchor itself
    # How many are at least as similar as the one of each rank: ranks from there on are lower.
    as_similar = torch.searchsorted(-ranked, -ranked, right=True)
    candidates = torch.where(ranked[:, 0] >= 1, (ranked >= 1).sum(1), as_similar[:, 0])
    anchor = torch.randint(count, (samples,))
    near = _uniform(candidates[anchor])
    lower = as_similar[anchor, near]
    valid = lower < count - 1
    far = lower + _uniform((count - 1 - lower).clamp(min=1))
    anchor, near, far = anchor[valid], near[valid], far[valid]
    return anchor, lesion[anchor, near], lesion[anchor, far]


def triplet_loss(embedding: Tensor, positive: Tensor, samples: int, margin: float) -> Tensor:
    """Return the mean triplet margin loss of sampled triplets, a scalar.

    Args:
        embedding: Embedding of unit length, (B, E).
        positive: 1 for the positive labels, else 0, (B, L) float.
        samples: Number of anchors that are drawn.
        margin: Distance by which similar lesions are to be nearer than less similar ones.
    """
    if len(embedding) < 3:
        return embedding.sum() * 0
    sampled = sample_triplets(label_similarity(positive), samples)
    anchor, near, far = (rows.to(embedding.device) for rows in sampled)
    if not len(anchor):
        return embedding.sum() * 0
    return F.triplet_margin_loss(embedding[anchor], embedding[near], embedding[far], margin)


def _uniform(counts: Tensor) -> Tensor:
    """Return a random whole number below each count."""
    return (torch.rand(counts.shape, dtype=torch.float64) * counts).long()


def _clamped(logits: Tensor) -> Tensor:
    return logits.float().clamp(-_LARGEST_LOGIT, _LARGEST_LOGIT)
