"""Fingerprints outlive what happens to a slice, and tell slices apart."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.duplicates import drawn, prepared
from maknet.data.arrays import save_arrays
from maknet.duplicates.fingerprint import (
    LENGTH,
    fingerprints,
    image_fingerprints,
    load_fingerprints,
    save_fingerprints,
)
from maknet.duplicates.frames import body_frames, reduced_hu
from maknet.errors import InputError

WINDOW = (-1024.0, 3071.0)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return prepared([drawn("fingerprints", number) for number in range(12)]).images


def test_they_are_a_few_dozen_bytes(images: np.ndarray) -> None:
    found = image_fingerprints(images, WINDOW)
    assert found.shape == (12, 3, LENGTH)
    assert found.dtype == np.int8
    assert LENGTH <= 96
    assert np.array_equal(found[:, 1], fingerprints(images[:, 1], WINDOW))


def test_no_slice_depends_on_those_beside_it(images: np.ndarray) -> None:
    whole = fingerprints(images[:, 1], WINDOW)
    alone = [fingerprints(image[None, 1], WINDOW)[0] for image in images]
    assert np.array_equal(whole, np.stack(alone))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 11))
def test_a_frame_moves_with_the_patient(down: int, right: int, number: int) -> None:
    hu = np.full((1, 256, 256), -1000.0, np.float32)
    rows, columns = np.indices((256, 256))
    body = ((rows - 100) / (40 + number)) ** 2 + ((columns - 100) / 60) ** 2 < 1
    hu[0][body] = 50
    moved = np.roll(hu, (down, right), (1, 2))
    gray = [np.rint((h + 1024) / 4095 * 255).astype(np.uint8) for h in (hu, moved)]
    before, after = (body_frames(reduced_hu(g, WINDOW)) for g in gray)
    shift = (after.center - before.center) * 256
    assert np.allclose(shift, [[down, right]], atol=1.5)
    assert np.allclose(after.spread, before.spread, rtol=0.03)


def test_pixels_and_background_hardly_matter(images: np.ndarray) -> None:
    plain = fingerprints(images[:, 1], WINDOW).astype(float)
    wide = np.pad(images[:, 1], ((0, 0), (40, 60), (30, 70)))
    coarse = images[:, 1, ::2, ::2]
    for changed in (wide, coarse):
        other = fingerprints(np.ascontiguousarray(changed), WINDOW).astype(float)
        cosine = (plain * other).sum(1) / np.linalg.norm(plain, axis=1)
        assert (cosine / np.linalg.norm(other, axis=1) > 0.95).all()


def test_a_slice_without_a_body_has_some(tmp_path: Path) -> None:
    found = fingerprints(np.zeros((2, 64, 64), np.uint8), WINDOW)
    assert not found.any()
    assert fingerprints(np.empty((0, 64, 64), np.uint8), WINDOW).shape == (0, LENGTH)


def test_files_are_read_back_and_refused_by_name(tmp_path: Path) -> None:
    values = np.arange(6 * LENGTH).reshape(2, 3, LENGTH).astype(np.int8)
    save_fingerprints(tmp_path / "a.npz", [values], WINDOW)
    save_fingerprints(tmp_path / "b.npz", [values[:1]], (-160.0, 240.0))
    again = load_fingerprints([tmp_path / "a.npz", tmp_path / "a.npz"])
    assert again.window_hu == WINDOW
    assert np.array_equal(again.values, np.concatenate([values, values]))
    with pytest.raises(InputError, match=r"b\.npz was prepared with another window"):
        load_fingerprints([tmp_path / "a.npz", tmp_path / "b.npz"])
    window = np.array(WINDOW)
    save_arrays(tmp_path / "c.npz", fingerprints=values[..., :5], window_hu=window)
    with pytest.raises(InputError, match=r"c\.npz holds no fingerprints of this version"):
        load_fingerprints([tmp_path / "c.npz"])
