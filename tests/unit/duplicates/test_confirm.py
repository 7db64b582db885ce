"""Copies agree in fine detail; look-alikes and neighbors do not."""

import numpy as np
import pytest

from benchmarks.duplicates import LIMITS, Prepared, drawn, prepared
from benchmarks.planted_copies import COPIES, Stack
from maknet.duplicates.confirm import compare, side_by_side
from maknet.duplicates.decide import alike, consistent
from maknet.duplicates.frames import body_frames, reduced_hu
from maknet.duplicates.registration import Placement, register

WINDOW = (-1024.0, 3071.0)
BOTH = WINDOW, WINDOW
COUNT = 16


@pytest.fixture(scope="module")
def stacks() -> list[Stack]:
    return [drawn("confirm", number, 4) for number in range(COUNT)]


@pytest.fixture(scope="module")
def originals(stacks: list[Stack]) -> Prepared:
    return prepared([Stack(stack.hu[:3], stack.pixel_mm) for stack in stacks])


@pytest.mark.parametrize("kind", [kind for kind in COPIES if kind != "all at once"])
def test_copies_are_alike(kind: str, stacks: list[Stack], originals: Prepared) -> None:
    rng, more = np.random.default_rng(4), kind == "half a slice shifted"
    sources = stacks if more else [Stack(s.hu[:3], s.pixel_mm) for s in stacks]
    copies = prepared([COPIES[kind](stack, rng) for stack in sources])
    found = compare(originals.images, copies.images, BOTH)
    ratio = found.scale * copies.pixel_mm / originals.pixel_mm
    assert alike(found.correlation, ratio, LIMITS).mean() > 0.8
    assert np.median(found.correlation) > 0.9
    assert np.median(np.abs(ratio - 1)) < 0.01


def test_other_patients_are_not(originals: Prepared) -> None:
    found = compare(originals.images, np.roll(originals.images, 1, 0), BOTH)
    assert (found.correlation < LIMITS.correlation).all()


def test_pairs_do_not_depend_on_those_beside_them(originals: Prepared) -> None:
    others = originals.images[::-1].copy()
    whole = compare(originals.images, others, BOTH)
    alone = compare(originals.images[3:4], others[3:4], BOTH)
    assert alone.correlation == pytest.approx(whole.correlation[3:4], abs=1e-4)
    assert len(compare(originals.images[:0], originals.images[:0], BOTH).correlation) == 0


def test_a_shift_and_a_scale_are_found(originals: Prepared) -> None:
    import torch

    first = originals.images[:, :1, ::2, ::2].astype(np.float32) / 255
    frames = Placement.of(body_frames(reduced_hu(originals.images[:, 1], WINDOW)))
    start = frames.moved(torch.tensor([[0.15, -0.1, 0.1, -0.08]]).expand(COUNT, 4))
    images = torch.from_numpy(np.ascontiguousarray(first))
    placed = register(images, images, frames, start)
    assert torch.allclose(placed.center, frames.center, atol=0.004)
    assert torch.allclose(placed.spread, frames.spread, rtol=0.02)


def test_the_same_slice_leaves_no_difference(originals: Prepared) -> None:
    pictures = side_by_side(originals.images[:2], originals.images[:2], BOTH)
    assert pictures.shape == (2, 2, 96, 96)
    assert np.abs(pictures[:, 0] - pictures[:, 1]).max() < 0.05


def test_a_copy_has_the_same_size() -> None:
    correlation = np.array([0.9, 0.9, 0.9, 0.5])
    ratio = np.array([[1.0, 1.01], [1.0, 1.2], [np.nan, np.nan], [1.0, 1.0]])
    assert alike(correlation, ratio, LIMITS).tolist() == [True, False, True, False]


def test_slices_lie_as_far_apart_in_both_series() -> None:
    assert consistent(np.array([10.0, 11, 12, 90, 91]), 3) == 3
    assert consistent(np.array([10.0, 50, 90]), 3) == 1
    assert consistent(np.array([np.nan]), 3) == 1
    assert consistent(np.array([]), 3) == 0
