"""The weighted focal loss (paper section 4.2).

The paper names the loss and its source (arXiv 1708.02002) and no more. The class weights are those
of LesaNet, whose data and evaluation the paper uses. B images, L labels.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss


def class_weights(
    known: NDArray[np.integer], positive: NDArray[np.integer], max_weight: float
) -> tuple[Tensor, Tensor]:
    """Return the weights of positive and of negative entries, (L,) each.

    A label with n of N known entries positive weighs its positives N / 2n, at most `max_weight`,
    and its negatives N / 2(N - n); a label without positives or negatives gets `max_weight`.

    Args:
        known: N of each label, (L,).
        positive: n of each label, (L,).
        max_weight: The cap.
    """
    weights = []
    for count in (positive, known - positive):
        ratio = np.full(len(count), max_weight)
        np.divide(known, 2 * count, out=ratio, where=count > 0)
        weights.append(torch.from_numpy(np.minimum(ratio, max_weight).astype(np.float32)))
    return weights[0], weights[1]


class WeightedFocalLoss(nn.Module):
    """Focal loss with a weight for each label's positives and negatives.

    With gamma 0 and unit weights it is the binary cross-entropy.

    Args:
        positive_weight: (L,).
        negative_weight: (L,).
        gamma: How strongly easy entries are damped.

    Shape:
        Logits, targets in [0, 1] and a mask of known entries, (B, L) each, to a scalar: the mean
        over all B x L entries, of which unknown ones contribute 0.
    """

    positive_weight: Tensor
    negative_weight: Tensor

    def __init__(self, positive_weight: Tensor, negative_weight: Tensor, gamma: float) -> None:
        super().__init__()
        self.gamma = gamma
        self.register_buffer("positive_weight", positive_weight)
        self.register_buffer("negative_weight", negative_weight)

    def forward(self, logits: Tensor, targets: Tensor, known: Tensor) -> Tensor:
        """Return the loss."""
        losses = sigmoid_focal_loss(logits.float(), targets, alpha=-1, gamma=self.gamma)
        weights = targets * self.positive_weight + (1 - targets) * self.negative_weight
        loss: Tensor = (losses * weights * known).mean()
        return loss
