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
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    candidate = np.take_along_axis(scores, order, 1) > threshold
    kept = np.zeros(scores.shape, bool)
    blocked = np.zeros(scores.shape, bool)
    rows = np.arange(len(scores))
    for place in range(order.shape[1]):
        label = order[:, place]
        taken = candidate[:, place] & ~blocked[rows, label]
        kept[rows[taken], label[taken]] = True
        blocked |= exclusive[label] & taken[:, None]
    return kept
