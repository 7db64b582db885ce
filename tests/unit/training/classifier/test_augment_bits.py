"""The student's noise has the bits of the plain version, of a whole batch step by step."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from maknet.models.device import scaled
from maknet.training.classifier import augment
from maknet.training.classifier.augment import Augmentation, sample_params
from maknet.training.classifier.batches import Batch
from maknet.training.classifier.losses import WeightedFocalLoss
from maknet.training.classifier.objective import Objective

CPU = torch.device("cpu")
STRENGTHS = (
    Augmentation(15.0, (0.5, 1.0), (0.75, 1.3333), 0.1, 0.3),
    Augmentation(0.0, (1.0, 1.0), (1.0, 1.0), 1.0, 1.0),
    Augmentation(180.0, (0.05, 1.0), (0.2, 5.0), 0.0, 1.0),
    Augmentation(90.0, (0.3, 0.3), (1.0, 1.0), 0.5, 0.0),
    Augmentation(15.0, (0.5, 1.0), (0.75, 1.3333), 0.5, 0.5),
)


def plain(noise: Augmentation, images: Tensor, params: Tensor) -> Tensor:
    """Return the augmented images as the first version of this project computed them."""
    grid = F.affine_grid(noise._affine_matrix(params), list(images.shape), align_corners=False)
    changed = F.grid_sample(scaled(images, CPU), grid, align_corners=False)
    gray, stretched = params[:, 5] < noise.grayscale, params[:, 6] < noise.autocontrast
    luma = torch.tensor((0.299, 0.587, 0.114)).view(1, 3, 1, 1)
    if gray.any():
        some = changed[gray]
        changed[gray] = (some * luma).sum(1, keepdim=True).expand_as(some)
    if stretched.any():
        some = changed[stretched]
        low, high = some.amin((2, 3), keepdim=True), some.amax((2, 3), keepdim=True)
        span = high - low
        changed[stretched] = torch.where(
            span > 0, (some - low) / torch.where(span > 0, span, 1), some
        )
    return changed


def drawn(count: int, side: int, seed: int) -> Tensor:
    """Return random images, of which every third has a slice of a single value."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=generator)
    images[::3, seed % 3] = seed % 256
    return images


def bits(images: Tensor) -> Tensor:
    return images.contiguous().view(torch.int32)


@pytest.mark.parametrize("noise", STRENGTHS)
@settings(max_examples=40)
@given(count=st.integers(1, 20), side=st.integers(2, 70), seed=st.integers(0, 10**6))
def test_small_images(noise: Augmentation, count: int, side: int, seed: int) -> None:
    images, params = drawn(count, side, seed), sample_params(seed, "augment", 0, count)
    expected = plain(noise, images, torch.from_numpy(params))
    assert torch.equal(bits(noise(images, torch.from_numpy(params))), bits(expected))


@pytest.mark.parametrize("noise", STRENGTHS)
@pytest.mark.parametrize(("count", "side"), [(5, 256), (3, 257), (1, 512), (17, 128)])
def test_images_of_the_papers_size_and_around(noise: Augmentation, count: int, side: int) -> None:
    images, params = drawn(count, side, side), torch.rand(count, 7)
    changed = noise(images, params)
    assert changed.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(bits(changed), bits(plain(noise, images, params)))


@pytest.mark.parametrize("pixels", [1, 32 * 32 * 3, 2**30])
def test_how_many_at_once_does_not_matter(monkeypatch: pytest.MonkeyPatch, pixels: int) -> None:
    images, params = drawn(13, 32, 1), torch.rand(13, 7)
    monkeypatch.setattr(augment, "_PIECE", pixels)
    expected = plain(STRENGTHS[-1], images, params)
    assert torch.equal(bits(STRENGTHS[-1](images, params)), bits(expected))


def test_steps_of_any_size_overwrite_the_memory_of_the_last() -> None:
    seen, places = [], set()

    def network(images: Tensor) -> tuple[Tensor, Tensor]:
        places.add(images.data_ptr())
        seen.append(images.clone())
        logits = images.mean((2, 3))
        return logits, logits

    objective = Objective(
        WeightedFocalLoss(torch.ones(3), torch.ones(3), 2.0), (1.0,), STRENGTHS[-1]
    )
    for count in (6, 4, 6, 1):
        images, params = drawn(count, 24, count), torch.rand(count, 7)
        labels = torch.zeros(count, 3)
        objective(network, Batch(images, labels, labels == 0, params, (count,)), CPU)
        assert torch.equal(bits(seen[-1]), bits(plain(STRENGTHS[-1], images, params)))
    assert len(places) == 1
