import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from maknet.data.ct.morphology import eroded, opened, opened_lines


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.integers(1, 12))
def test_equal_to_scipy(seed: int, rows: int, columns: int, side: int) -> None:
    generator = np.random.default_rng(seed)
    blobs = ndimage.gaussian_filter(generator.standard_normal((rows, columns)), 2)
    mask = blobs > -0.1 * generator.random()
    assert np.array_equal(opened(mask, side), ndimage.binary_opening(mask, np.ones((side, side))))
    lines = ndimage.binary_opening(mask, np.ones((side, 1)))
    assert np.array_equal(opened_lines(mask, side), lines)


def test_a_square_is_found_by_its_first_corner() -> None:
    mask = np.zeros((9, 8), bool)
    mask[2:6, 3:8] = True
    fits = eroded(mask, 4)
    assert fits.shape == (6, 5)
    assert np.argwhere(fits).tolist() == [[2, 3], [2, 4]]
