"""The weighted focal loss (paper section 4.2).

The paper names the loss and its source (arXiv 1708.02002) and no more. The class weights are those
of LesaNet, whose data and evaluation the paper uses. B images, L labels.
"""

from torch import Tensor, nn
from torchvision.ops import sigmoid_focal_loss


class WeightedFocalLoss(nn.Module):
    """Focal loss with a weight for each label's positives and negatives.

    With gamma 0 and unit weights it is the binary cross-entropy.

    Args:
        positive_weight: Weights of the positive entries, (L,).
        negative_weight: Weights of the negative entries, (L,).
        gamma: Focusing parameter of the focal loss; the larger, the less do easy entries count.

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
        """Return the loss, a scalar."""
        losses = sigmoid_focal_loss(logits.float(), targets, alpha=-1, gamma=self.gamma)
        weights = targets * self.positive_weight + (1 - targets) * self.negative_weight
        loss: Tensor = (losses * weights * known).mean()
        return loss
