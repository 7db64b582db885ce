"""The student's noise: each image has its own draws, and each change does what its name says."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from maknet.training.classifier.augment import Augmentation, sample_params

STILL = {"rotation_deg": 0.0, "crop_area": [1.0, 1.0], "crop_ratio": [1.0, 1.0],
         "grayscale": 0.0, "autocontrast": 0.0}  # fmt: skip
FULL = {"rotation_deg": 15.0, "crop_area": [0.5, 1.0], "crop_ratio": [0.75, 1.33],
        "grayscale": 0.5, "autocontrast": 0.5}  # fmt: skip


def smooth(count: int, side: int = 32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(count)
    images = torch.rand(count, 3, side, side, generator=generator)
    return (tv.gaussian_blur(images, [9, 9]) * 255).to(torch.uint8)


def draws(count: int, **fixed: float) -> torch.Tensor:
    values = torch.full((count, 7), 0.5)
    for name, value in fixed.items():
        names = ("angle", "area", "ratio", "x", "y", "gray", "contrast")
        values[:, names.index(name)] = value
    return values


def test_without_strength_nothing_changes() -> None:
    images = smooth(4)
    changed = Augmentation.from_config(STILL)(images, torch.rand(4, 7))
    torch.testing.assert_close(changed, images / 255, atol=1e-5, rtol=0)


@pytest.mark.parametrize("draw", [0.0, 0.25, 1.0])
def test_rotation_is_torchvisions(draw: float) -> None:
    images = smooth(2)
    turn = Augmentation.from_config({**STILL, "rotation_deg": 20.0})
    changed = turn(images, draws(2, angle=draw))
    degrees = (2 * draw - 1) * 20
    expected = tv.rotate(images / 255, degrees, interpolation=v2.InterpolationMode.BILINEAR)
    assert (changed - expected).abs().mean() < 0.01


def test_a_crop_is_a_window_of_the_image() -> None:
    images = smooth(1)
    crop = Augmentation.from_config({**STILL, "crop_area": [0.25, 0.25]})
    for x, left in ((0.0, 0), (1.0, 16)):
        for y, top in ((0.0, 0), (1.0, 16)):
            expected = tv.resized_crop(images / 255, top, left, 16, 16, [32, 32], antialias=False)
            changed = crop(images, draws(1, x=x, y=y))
            assert (changed - expected)[..., 2:-2, 2:-2].abs().max() < 0.01


def test_grayscale_and_autocontrast_are_torchvisions() -> None:
    images = smooth(3)
    gray = Augmentation.from_config({**STILL, "grayscale": 1.0})(images, torch.rand(3, 7))
    expected = tv.rgb_to_grayscale(images / 255, num_output_channels=3)
    torch.testing.assert_close(gray, expected, atol=1e-3, rtol=0)
    contrast = Augmentation.from_config({**STILL, "autocontrast": 1.0})(images, torch.rand(3, 7))
    torch.testing.assert_close(contrast, tv.autocontrast(images / 255), atol=1e-4, rtol=0)
    flat = torch.full((1, 3, 8, 8), 77, dtype=torch.uint8)
    kept = Augmentation.from_config({**STILL, "autocontrast": 1.0})(flat, torch.rand(1, 7))
    torch.testing.assert_close(kept, flat / 255)


@given(st.integers(0, 10**6))
def test_values_stay_in_range_and_images_do_not_influence_each_other(seed: int) -> None:
    images = smooth(5)
    noise = Augmentation.from_config(FULL)
    values = torch.from_numpy(sample_params(seed, "augment", 0, 5))
    changed = noise(images, values)
    assert changed.shape == images.shape
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6
    order = torch.from_numpy(np.random.default_rng(seed).permutation(5))
    torch.testing.assert_close(noise(images[order], values[order]), changed[order])


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 50))
def test_draws_belong_to_seed_pass_and_image(seed: int, epoch: int, count: int) -> None:
    values = sample_params(seed, "augment", epoch, count)
    assert values.shape == (count, 7)
    assert values.min() >= 0
    assert values.max() < 1
    assert np.array_equal(values, sample_params(seed, "augment", epoch, count))
    assert not np.array_equal(values, sample_params(seed, "augment", epoch + 1, count))
