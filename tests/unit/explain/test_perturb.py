import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maknet.explain.perturb import (
    black_out,
    most_influential,
    random_pixels,
    region_mask,
    replace_by_neighbors,
)
from maknet.explain.study import VARIANTS, StudySettings, explain_images
from maknet.models.build import build_network


def test_a_region_lies_where_the_lesion_does() -> None:
    # A slice of which rows 100 to 299 and columns 50 to 449 became 40 x 40 pixels.
    mask = region_mask((151, 201, 170, 210), (100, 300, 50, 450), 40, 1.0)
    rows, columns = np.nonzero(mask)
    assert (rows.min(), rows.max()) == (20, 21)  # 5 pixels of the slice a row
    assert (columns.min(), columns.max()) == (10, 11)  # 10 a column
    twice = region_mask((151, 201, 170, 210), (100, 300, 50, 450), 40, 2.0)
    assert twice.sum() == 4 * mask.sum()
    assert (mask <= twice).all()


@given(st.floats(-50, 600), st.floats(-50, 600), st.floats(0.1, 4))
def test_a_region_is_never_empty(x: float, y: float, scale: float) -> None:
    assert region_mask((x, y, x + 3, y + 3), (0, 512, 0, 512), 64, scale).any()


def test_pixels_are_replaced_by_the_nearest_outside() -> None:
    image = np.arange(3 * 5 * 5, dtype=np.float32).reshape(3, 5, 5)
    mask = np.zeros((5, 5), bool)
    mask[1:3, 0] = True
    replaced = replace_by_neighbors(image, mask)
    assert np.array_equal(replaced[:, ~mask], image[:, ~mask])
    assert replaced[0, 1, 0] in (image[0, 0, 0], image[0, 1, 1])
    assert (replace_by_neighbors(image, np.ones((5, 5), bool)) == 0).all()
    assert (black_out(image, mask)[:, mask] == 0).all()


@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_deleted_pixels_are_the_largest_and_chance_takes_as_many(seed: int, part: float) -> None:
    generator = np.random.default_rng(seed)
    attribution = generator.integers(0, 9, (8, 8)).astype(float)
    image = generator.random((3, 8, 8)).astype(np.float32)
    mask = most_influential(attribution, part)
    assert mask.sum() == round(part * 64) == random_pixels(image, part, generator).sum()
    if 0 < mask.sum() < 64:
        assert attribution[mask].min() >= attribution[~mask].max()


@pytest.mark.parametrize("seed", range(5))
def test_random_pixels_are_air_only_when_nothing_else_is_left(seed: int) -> None:
    image = np.zeros((3, 20, 20), np.float32)
    image[1, 5:15, 5:15] = 0.05  # lung, in one slice of three
    for part, of_body in ((0.1, 40), (0.25, 100), (0.5, 100)):
        mask = random_pixels(image, part, np.random.default_rng(seed))
        assert mask.sum() == round(part * 400)
        assert mask[5:15, 5:15].sum() == of_body


def test_a_study_follows_the_originals_labels() -> None:
    torch.manual_seed(1)
    network = build_network("maknet", 6, width=0.125)
    images = np.random.default_rng(1).integers(0, 256, (3, 3, 32, 32), np.uint8)
    regions = np.zeros((3, 32, 32), bool)
    regions[:, 8:16, 8:16] = True
    settings = StudySettings(8, 2, 0.25, [0.0, 0.5, 1.0])
    found = explain_images(network, images, regions, settings, 7, torch.device("cpu"), [2, 0])
    assert found["labels"].shape == (3, len(VARIANTS), 2)
    np.testing.assert_allclose(found["followed"][:, 0], found["confidence"][:, 0], rtol=1e-6)
    np.testing.assert_allclose(
        found["by_attribution"][:, 0], found["followed"][:, 0].mean(1), rtol=1e-4
    )  # nothing deleted
    np.testing.assert_allclose(found["by_attribution"][:, 2], found["by_chance"][:, 2], rtol=1e-4)
    assert found["attribution"].shape == (2, 32, 32)
    assert np.array_equal(found["variants"][0, 0], images[2])
    assert (found["variants"][1, 2][:, regions[0]] == 0).all()
    deleted = (found["variants"][0, 3] == 0).all(0)
    assert deleted.sum() == pytest.approx(0.25 * 32 * 32, abs=3)
    again = explain_images(network, images, regions, settings, 7, torch.device("cpu"), [2, 0])
    assert all(np.array_equal(found[name], again[name]) for name in found)
