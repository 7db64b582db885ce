"""Integrated gradients (paper section 5.1, arXiv 1703.01365).

B images, L labels, S image side.
"""

import torch
from torch import Tensor, nn

_PATH_IMAGES = 64  # points of the path that are run at once


def integrated_gradients(
    network: nn.Module, images: Tensor, targets: Tensor, steps: int = 50
) -> tuple[Tensor, Tensor]:
    """Attribute the probability of labels of each image to its pixels.

    The path goes from the black image, which for images in [0, 1] is 0, to the image.

    Args:
        network: Network that returns logits before and after score propagation; its mode is
            restored afterwards.
        images: (B, 3, S, S) in [0, 1].
        targets: Label of each image, (B,), or weights of all labels, (B, L): then the weighted sum
            of probabilities is attributed.
        steps: Number of points of the path; 50 in the paper.

    Returns:
        Attributions (B, 3, S, S), and the completeness gap (B,): how far their sum is from the
        difference of the probabilities of image and baseline. It falls as steps rise.
    """
    from captum.attr import IntegratedGradients

    def probabilities(batch: Tensor, weights: Tensor) -> Tensor:
        return (torch.sigmoid(network(batch)[1]) * weights).sum(1)

    training = network.training
    network.eval()
    if targets.ndim == 1:
        with torch.no_grad():
            labels = network(images[:1])[1].shape[1]
        targets = nn.functional.one_hot(targets, labels)
    attributions, gap = IntegratedGradients(probabilities).attribute(
        images,
        baselines=0,
        additional_forward_args=targets.to(images.dtype),
        n_steps=steps,
        internal_batch_size=max(_PATH_IMAGES, len(images)),
        return_convergence_delta=True,
    )
    network.train(training)
    return attributions.detach(), gap.abs().detach()
