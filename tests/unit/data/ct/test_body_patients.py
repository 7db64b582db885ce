"""The box of the patient on the phantom's slices and on real ones."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from maknet.data.ct.body import patient_box
from maknet.data.ct.preprocess import reorient
from maknet.data.ct.series import read_series
from maknet.phantom.anatomy import random_patient
from maknet.phantom.render import Scanner, render
from tests.unit.data.ct.drawings import bounds, lost

PART = np.ones((10, 10))  # 5/128 of the side: a region that holds such a square is never cut


@pytest.mark.parametrize("seed", range(24))
def test_drawn_patients_are_inside_and_their_table_is_not(seed: int) -> None:
    generator = np.random.default_rng(seed)
    patient = random_patient(generator)
    level = float(generator.uniform(5, 1110)) * patient.length
    scanner = Scanner(256, float(generator.uniform(340, 500)), float(generator.uniform(8, 30)))
    picture = render(patient, level, scanner, generator)
    hu = np.rint(picture.hu).astype(np.int16)[None]
    owned = picture.owner > 0
    box = patient_box(hu, -500)
    assert box is not None
    assert lost(ndimage.binary_opening(owned, PART), box) == 0
    top, bottom, left, right = bounds(owned)
    assert box[0] >= top - 6
    assert box[1] <= bottom + 6
    assert box[2] >= left - 6
    assert box[3] <= right + 6


@pytest.mark.real
def test_the_real_table_is_left_out_and_the_real_arms_are_not(real_data: Path) -> None:
    hu = reorient(read_series(real_data / "ct/head_neck"))[0]  # on a board of radiotherapy
    for first in range(0, 81, 3):
        box = patient_box(hu[first : first + 3], -500)
        assert box is not None
        top, bottom, left, right = box
        assert bottom <= 372  # the upper side of the board is at row 360
        assert right - left < 340  # the board is 440 wide
        assert bottom - top < 260
    hu = reorient(read_series(real_data / "ct/abdomen_jpeg2000"))[0]
    for first in range(0, 18, 3):
        box = patient_box(hu[first : first + 3], -500)
        assert box is not None
        top, bottom, left, right = box
        assert left <= 12
        assert right >= 500
        assert bottom - top < 290
