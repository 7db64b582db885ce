import torch
from torch import Tensor, nn

from maknet.explain.integrated_gradients import integrated_gradients
from maknet.models.build import build_network


class Linear(nn.Module):
    """A network whose attributions are known: the logit is a weighted sum of pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(2, 3 * 4 * 4) / 10)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = images.flatten(1) @ self.weight.T
        return logits, logits


def test_of_a_linear_network_it_is_the_share_of_each_pixel() -> None:
    network, images = Linear(), torch.rand(3, 3, 4, 4)
    targets = torch.tensor([0, 1, 0])
    attributions, gap = integrated_gradients(network, images, targets, steps=100)
    share = images * network.weight[targets].view(3, 3, 4, 4)
    total = torch.sigmoid(share.flatten(1).sum(1)) - 0.5
    expected = share * (total / share.flatten(1).sum(1)).view(3, 1, 1, 1)
    torch.testing.assert_close(attributions, expected, rtol=1e-4, atol=1e-6)
    assert gap.max() < 1e-5


def test_attributions_of_maknet_are_complete() -> None:
    network = build_network("maknet", 5, width=0.125).double().train()
    images = torch.rand(2, 3, 64, 64, dtype=torch.float64)
    targets = torch.tensor([1, 4])
    attributions, gap = integrated_gradients(network, images, targets, steps=200)
    assert attributions.shape == images.shape
    assert network.training
    network.eval()
    scores = [torch.sigmoid(network(x)[1])[range(2), targets] for x in (images, images * 0)]
    torch.testing.assert_close(
        attributions.flatten(1).sum(1), scores[0] - scores[1], rtol=0, atol=2e-3
    )
    assert gap.max() < 2e-3


def test_weights_of_labels_attribute_their_sum() -> None:
    network, images = Linear(), torch.rand(2, 3, 4, 4)
    one, two = (
        integrated_gradients(network, images, torch.full((2,), label), steps=60)[0]
        for label in (0, 1)
    )
    both, _ = integrated_gradients(network, images, torch.ones(2, 2), steps=60)
    torch.testing.assert_close(both, one + two, rtol=1e-4, atol=1e-6)
