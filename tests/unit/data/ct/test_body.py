"""The box of the patient on synthetic slices: nothing of the patient is cut, the table is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from maknet.data.ct.body import largest_part_box, lesanet_box, patient_box
from maknet.data.ct.morphology import Box
from tests.unit.data.ct.drawings import SIDE, STEP, Drawing, air, bounds, lost, oval, table

SLACK = 4 * STEP  # how far beyond the patient the box may lie


def box_of(hu: Drawing) -> Box:
    box = patient_box(hu, -500)
    assert box is not None
    return box


def assert_close(box: Box | None, inside: np.ndarray) -> None:
    """Assert that a box holds what is drawn, and little more."""
    assert lost(inside, box) == 0
    assert box is not None
    wanted = bounds(inside)
    assert max(abs(a - b) for a, b in zip(box, wanted, strict=True)) <= SLACK


def test_both_thighs_are_inside() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 260, 150, 80) | oval(hu, 256, 352, 76)
    assert_close(patient_box(hu, -500), drawn)


def test_arms_beside_the_head_are_inside() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 260, 256, 100, 78) | oval(hu, 240, 110, 40) | oval(hu, 250, 404, 36)
    assert_close(patient_box(hu, -500), drawn)


@pytest.mark.parametrize("gap", [-6, 1, 20])
def test_arms_beside_the_trunk_are_inside(gap: int) -> None:
    hu = air(noise=15)
    drawn = oval(hu, 250, 256, 110, 150)
    for side in (-1, 1):
        drawn |= oval(hu, 262, 256 + side * (150 + gap + 40), 44, 40)
    table(hu, 361, 30)
    assert_close(patient_box(hu, -500), drawn)


def test_a_patient_wider_than_the_picture_fills_it() -> None:
    hu = air()
    drawn = oval(hu, 250, 256, 130, 300)
    table(hu, 395, 30)
    box = box_of(hu)
    assert box[2:] == (0, SIDE)
    assert_close(box, drawn)


def test_an_arm_that_the_side_of_the_picture_cuts_is_inside() -> None:
    hu = air()
    drawn = oval(hu, 250, 256, 110, 160) | oval(hu, 260, -30, 38) | oval(hu, 260, 541, 38)
    assert_close(patient_box(hu, -500), drawn)


@pytest.mark.parametrize(("down", "across"), [(16, 16), (14, 44), (44, 15), (30, 62)])
def test_a_hand_or_a_foot_is_enough(down: int, across: int) -> None:
    hu = air(noise=15)
    drawn = oval(hu, 200, 300, down, across)
    table(hu, 320, 0)
    assert_close(patient_box(hu, -500), drawn)


@pytest.mark.parametrize("sag", [0, 45])
@pytest.mark.parametrize("gap", [0, 2, 30])
@pytest.mark.parametrize("wall", [3, 8])
def test_a_table_is_left_out(sag: int, gap: int, wall: int) -> None:
    hu = air(noise=15)
    drawn = oval(hu, 230, 256, 110, 160)
    table(hu, 340 + gap, sag, wall)
    assert_close(patient_box(hu, -500), drawn)


@pytest.mark.parametrize("gap", [0, 12])
def test_a_flat_board_of_radiotherapy_is_left_out(gap: int) -> None:
    hu = air(noise=15)
    drawn = oval(hu, 230, 256, 110, 160)
    table(hu, 340 + gap, 0, wall=16, depth=16, half=250)
    box = box_of(hu)
    assert lost(drawn, box) == 0
    assert bounds(drawn)[1] <= box[1] <= bounds(drawn)[1] + 16 + SLACK
    assert abs(box[2] - 96) <= SLACK
    assert abs(box[3] - 417) <= SLACK


def test_the_shell_of_a_head_rest_is_left_out() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 240, 256, 120, 92)
    outer = oval(air(), 250, 256, 150, 130) & (np.arange(SIDE)[:, None] > 250)
    inner = oval(air(), 250, 256, 143, 123)
    hu[:, outer & ~inner] = -100
    hu[:, outer & inner & (hu[0] < -500)] = -940
    assert_close(patient_box(hu, -500), drawn)


def test_tubes_wires_and_cloth_are_left_out() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 250, 256, 100, 150)
    for place in ((60, 100), (70, 420), (250, 60)):
        oval(hu, *place, 5, value=100)
    hu[:, 120:124, 60:460] = -200
    hu[:, 40:300, 450:453] = 2000
    assert_close(patient_box(hu, -500), drawn)


def test_cushions_of_foam_are_left_out() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 250, 256, 100, 120)
    oval(hu, 400, 120, 24, value=-350)
    assert_close(patient_box(hu, -500), drawn)


def test_the_thin_wall_of_a_chest_is_inside_and_the_table_it_lies_on_is_not() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 230, 256, 110, 160)
    lungs = oval(air(), 230, 256, 98, 148) & (np.abs(np.arange(SIDE) - 256) > 26)
    hu[:, lungs] = -860
    table(hu, 340, 0)
    assert_close(patient_box(hu, -500), drawn)


def test_a_lung_that_the_picture_cuts_belongs_to_the_patient() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 250, 300, 200, 400)
    lung = oval(air(), 250, 300, 186, 386) & (np.arange(SIDE) < 180)
    hu[:, lung] = -860
    table(hu, 450, 0)
    assert_close(patient_box(hu, -500), drawn)


def test_a_nose_and_ears_are_inside() -> None:
    hu = air(noise=15)
    drawn = oval(hu, 280, 256, 120, 92)
    drawn |= oval(hu, 158, 256, 20, 8) | oval(hu, 290, 160, 26, 9) | oval(hu, 290, 352, 26, 9)
    table(hu, 400, 0)
    assert lost(drawn, patient_box(hu, -500)) <= STEP  # their ends are thin


def test_the_union_of_the_slices_counts() -> None:
    hu = air(slices=3)
    first, last = oval(hu[:1], 200, 200, 60), oval(hu[2:], 300, 320, 60)
    assert_close(patient_box(hu, -500), first | last)


def test_nothing_is_found_in_air_in_noise_or_on_a_bare_table() -> None:
    assert patient_box(air(), -500) is None
    assert patient_box(air(noise=250), -500) is None
    assert largest_part_box(air(), -500) is None
    for sag in (0, 45):
        hu = air(noise=15)
        table(hu, 340, sag)
        assert patient_box(hu, -500) is None
        assert largest_part_box(hu, -500) is None


def test_the_largest_part_is_one_region() -> None:
    hu = air()
    thigh = oval(hu, 260, 150, 80)
    oval(hu, 256, 352, 76)
    assert_close(largest_part_box(hu, -500), thigh)


def test_lesanets_box_is_that_of_its_code() -> None:
    hu = air(noise=60, slices=3)
    oval(hu, 230, 256, 110, 160)
    table(hu, 360, 45, wall=8)
    mask = ndimage.binary_opening((hu > -768).any(0), np.ones((7, 7)))
    assert lesanet_box(hu) == bounds(mask)
    assert bounds(mask)[1] > 390  # the table too
    assert lesanet_box(air()) is None


limbs = st.lists(
    st.tuples(
        st.integers(60, 452), st.integers(60, 452), st.integers(16, 58), st.integers(-120, 1200)
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@given(limbs, st.sampled_from([None, 0, 45]))
@settings(max_examples=60)
def test_every_limb_is_inside(drawn: list[tuple[int, int, int, int]], sag: int | None) -> None:
    hu = air(noise=10)
    if sag is not None:
        table(hu, 440, sag)
    inside = np.zeros((SIDE, SIDE), bool)
    for row, column, radius, value in drawn:
        inside |= oval(hu, row, column, radius, value=value)
    assert lost(inside, patient_box(hu, -500)) == 0


@given(
    st.integers(50, 130), st.integers(50, 200), st.integers(-20, 20), st.integers(0, 60),
    st.integers(0, 50), st.integers(2, 8),
)  # fmt: skip
@settings(max_examples=60)
def test_a_table_does_not_move_the_box(
    down: int, across: int, shift: int, gap: int, sag: int, wall: int
) -> None:
    hu = air(noise=10)
    drawn = oval(hu, 240, 256 + shift, down, across)
    alone = box_of(hu)
    table(hu, 240 + down + gap, sag, wall)
    assert lost(drawn, box_of(hu)) == 0
    moved = [abs(a - b) for a, b in zip(box_of(hu), alone, strict=True)]
    assert max(moved) <= wall + 2 * STEP
