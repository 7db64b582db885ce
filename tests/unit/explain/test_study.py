import numpy as np
import pytest
import torch
from torch import Tensor, nn

from maknet.explain.study import StudySettings, explain_images

SIDE = 8


class Linear(nn.Module):
    """One label; the left half of the pixels speaks for it, the right half as much against it."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.full((3, SIDE, SIDE), 0.05))
        with torch.no_grad():
            self.weights[:, :, SIDE // 2 :] *= -1

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        logits = (images * self.weights).sum((1, 2, 3), keepdim=False)[:, None]
        return logits, logits


@pytest.fixture
def found() -> dict[str, np.ndarray]:
    images = np.full((3, 3, SIDE, SIDE), 200, np.uint8)
    regions = np.zeros((3, SIDE, SIDE), bool)
    regions[:, 2:4, 2:4] = True
    settings = StudySettings(steps=8, top=1, deleted_fraction=0.25, fractions=[0.0, 0.25, 0.5])
    return explain_images(Linear(), images, regions, settings, 1, torch.device("cpu"), [1])


def test_what_speaks_for_a_label_is_deleted_first(found: dict[str, np.ndarray]) -> None:
    expected = 1 / (1 + np.exp([0, 3 * 16 * 0.05 * 200 / 255, 3 * 32 * 0.05 * 200 / 255]))
    np.testing.assert_allclose(found["by_attribution"], np.tile(expected, (3, 1)), rtol=1e-5)
    assert (found["by_attribution"][:, 1:] < found["by_chance"][:, 1:]).all()


def test_only_examples_are_kept(found: dict[str, np.ndarray]) -> None:
    assert found["attribution"].shape == (1, SIDE, SIDE)
    assert found["variants"].shape == (1, 4, 3, SIDE, SIDE)
    assert (found["attribution"] > 0).all()  # the figure shows absolute values
    assert (found["variants"][0, 3, :, :, SIDE // 2 :] == 200).all()
