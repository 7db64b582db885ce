"""Labels made of a network's scores (paper section 4.2). N images, L labels."""

import numpy as np
from numpy.typing import NDArray


def pseudo_label(
    scores: NDArray[np.floating],
    exclusive: NDArray[np.bool_],
    top: int = 15,
    threshold: float = 0.5,
) -> NDArray[np.bool_]:
    """Return the labels (N, L) that are kept.

    A label is a candidate when it is among the `top` of its image and its score is above
    `threshold`. Candidates are taken by falling score, equal scores by label number, and one is
    dropped when it excludes a label already taken, as LesaNet's filter does.

    Args:
        scores: Probabilities, (N, L).
        exclusive: Symmetric, (L, L).
        top: Most labels of an image.
        threshold: Scores must exceed it.
    """
    return drop_exclusive(scores, candidates(scores, top, threshold), exclusive)


def candidates(scores: NDArray[np.floating], top: int, threshold: float) -> NDArray[np.bool_]:
    """Return the labels (N, L) among the `top` of their image with a score above `threshold`."""
    order = _by_falling_score(scores)[:, :top]
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, order, np.take_along_axis(scores, order, 1) > threshold, 1)
    return chosen


def drop_exclusive(
    scores: NDArray[np.floating], candidate: NDArray[np.bool_], exclusive: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the candidates (N, L) without those that exclude one of a higher score."""
    most = int(candidate.sum(1).max(initial=0))
    order = _by_falling_score(np.where(candidate, scores, -np.inf))[:, :most]
    kept = np.zeros(scores.shape, bool)
    blocked = np.zeros(scores.shape, bool)
    rows = np.arange(len(scores))
    for place in range(most):
        label = order[:, place]
        taken = candidate[rows, label] & ~blocked[rows, label]
        kept[rows[taken], label[taken]] = True
        blocked |= exclusive[label] & taken[:, None]
    return kept


def _by_falling_score(scores: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return label numbers (N, L), equal scores by number."""
    return np.argsort(-scores, axis=1, kind="stable")
