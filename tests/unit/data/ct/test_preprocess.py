from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.data.ct.morphology import Box
from maknet.data.ct.preprocess import (
    ImageSettings,
    crop_box,
    prepare_slices,
    prepare_volume,
    resize,
    window_hu,
)
from maknet.data.ct.series import Volume

STANDARD = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def body(slices: int, side: int = 128, value: int = 40) -> np.ndarray:
    """A square body with a bright corner at the front right of the patient, on a thin table."""
    hu = np.full((slices, side, side), -1000, np.int16)
    hu[:, 32:96, 24:104] = value
    hu[:, 32:44, 24:36] = 900
    hu[:, 110:112] = -150
    return hu


def volume(hu: np.ndarray, direction: tuple[float, ...] = STANDARD) -> Volume:
    return Volume(hu, (2.0, 1.0, 1.0), np.arange(len(hu)) * 2.0, direction, "1.2.3")


def test_window_ends_and_middle() -> None:
    hu = np.array([[[-3024, -1024, 3071, 32767, 1023]]], np.int16)
    assert window_hu(hu, (-1024, 3071)).tolist() == [[[0, 0, 255, 255, 127]]]


@given(
    st.integers(-2000, 1000), st.integers(1, 4000),
    st.lists(st.integers(-32768, 32767), min_size=2, max_size=50),
)  # fmt: skip
def test_window_is_monotone_and_equals_arithmetic(low: int, width: int, values: list[int]) -> None:
    hu = np.array(sorted(values), np.int16)
    gray = window_hu(hu, (low, low + width))
    assert (np.diff(gray.astype(int)) >= 0).all()
    expected = np.rint(np.clip((hu.astype(float) - low) * 255 / width, 0, 255))
    assert np.abs(gray - expected).max() <= 1  # a half may round either way
    assert np.array_equal(window_hu(hu[::-1], (low, low + width)), gray[::-1])


def test_the_papers_window_is_exact() -> None:
    hu = np.arange(-32768, 32768).astype(np.int16)
    expected = np.rint(np.clip((hu + 1024.0) * 255 / 4095, 0, 255))
    assert np.array_equal(window_hu(hu[None, None], (-1024, 3071))[0, 0], expected)


@pytest.mark.parametrize(
    ("crop", "box"),
    [
        ("patient", (31, 97, 23, 105)),  # a pixel around the patient, without the table
        ("lesanet", (32, 117, 0, 128)),  # the table too, which is as thick as the 7 x 7 opening
        ("none", (0, 128, 0, 128)),
    ],
)
def test_three_rules_of_the_crop(crop: Literal["patient", "lesanet", "none"], box: Box) -> None:
    hu = body(3)
    hu[:, 110:117] = -150
    prepared = prepare_slices(hu, ImageSettings(size=32, crop=crop))
    assert prepared is not None
    image, found = prepared
    assert found == box
    assert image.shape == (3, 32, 32)
    assert image.dtype == np.uint8


def test_a_rule_of_another_name_is_refused() -> None:
    with pytest.raises(AssertionError, match="True"):
        crop_box(body(3), ImageSettings(crop=True))  # type: ignore[arg-type]


def test_there_is_no_image_of_air_or_of_a_bare_table() -> None:
    air = np.full((3, 128, 128), -1000, np.int16)
    assert prepare_slices(air, ImageSettings(size=32)) is None
    air[:, 100:108] = 0
    assert prepare_slices(air, ImageSettings(size=32)) is None


def test_resize_keeps_constants_and_averages() -> None:
    assert (resize(np.full((3, 50, 70), 77, np.uint8), 32) == 77).all()
    checkers = np.indices((64, 64)).sum(0) % 2 * np.uint8(200)
    small = resize(np.stack([checkers] * 3).astype(np.uint8), 32)
    assert abs(float(small.mean()) - 100) < 2  # antialiased, not sampled


def test_triplets_use_every_slice_once_without_overlap() -> None:
    hu = np.stack([body(1, value=10 * z)[0] for z in range(11)])
    triplets = prepare_volume(volume(hu), ImageSettings(size=32))
    assert triplets.images.shape == (3, 3, 32, 32)
    assert triplets.left_over == 2
    assert triplets.empty == 0
    assert triplets.index["first_slice"].tolist() == [0, 3, 6]
    assert triplets.index["position_mm"].tolist() == [18.0, 12.0, 6.0]
    # Cranial slice first: positions rise towards the head, so the first image has the last slices.
    window = ImageSettings().window_hu
    middles = triplets.images[:, :, 20, 20].astype(int)
    expected = window_hu(np.arange(10, -1, -1, dtype=np.int16)[:9] * 10, window).reshape(3, 3)
    assert np.array_equal(middles, expected)


@pytest.mark.parametrize(
    ("direction", "turn"),
    [
        ((-1.0, 0.0, 0.0, 0.0, -1.0, 0.0), lambda hu: hu[:, ::-1, ::-1]),
        ((-1.0, 0.0, 0.0, 0.0, 1.0, 0.0), lambda hu: hu[::-1, :, ::-1]),
        ((1.0, 0.0, 0.0, 0.0, -1.0, 0.0), lambda hu: hu[::-1, ::-1]),
        # Lying on the side: the rows of the picture run from front to back.
        ((0.0, 1.0, 0.0, 1.0, 0.0, 0.0), lambda hu: hu[::-1].transpose(0, 2, 1)),
        ((0.0, 1.0, 0.0, -1.0, 0.0, 0.0), lambda hu: hu.transpose(0, 2, 1)[:, ::-1]),
    ],
)
def test_turned_patients_look_the_same(direction: tuple[float, ...], turn: object) -> None:
    hu = np.stack([body(1, value=10 * z)[0] for z in range(6)])
    expected = prepare_volume(volume(hu), ImageSettings(size=32)).images
    turned = volume(np.ascontiguousarray(turn(hu)), direction)  # type: ignore[operator]
    assert np.array_equal(prepare_volume(turned, ImageSettings(size=32)).images, expected)


def test_triplets_without_a_body_are_counted() -> None:
    hu = body(9)
    hu[3:6] = -1000
    triplets = prepare_volume(volume(hu), ImageSettings(size=32))
    assert len(triplets.images) == len(triplets.index) == 2
    assert triplets.empty == 1


def test_a_volume_of_two_slices_gives_none() -> None:
    triplets = prepare_volume(volume(body(2)), ImageSettings(size=32))
    assert triplets.images.shape == (0, 3, 32, 32)
    assert triplets.left_over == 2
