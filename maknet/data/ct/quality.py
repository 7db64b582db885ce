"""Which readable volumes are used: rules in place of the paper's cleaning by hand.

Source: paper section 2 ("retaining volumes with more than 50 slices and manually removing noisy
ones"). Each rule has a reason of its own, and every refused series is listed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.body import largest_part_box
from maknet.data.ct.reasons import Reason, SeriesError
from maknet.data.ct.series import Volume


@dataclass(frozen=True)
class ScreeningRules:
    """Limits of a usable volume (config section `series`).

    Attributes:
        min_slices: Fewest slices.
        step_mm: Smallest and largest distance between slices.
        min_matrix: Fewest rows and columns.
        pixel_mm: Smallest and largest pixel.
        min_body_fraction: Least part of the slices in which a body is found.
        body_hu: Range for the median HU of the body; outside it the scale is wrong.
        max_noise_hu: Largest median noise of the body, as a standard deviation.
        body_threshold_hu: As for cropping (`ImageSettings`).
    """

    min_slices: int = 51
    step_mm: tuple[float, float] = (0.2, 10.5)
    min_matrix: int = 256
    pixel_mm: tuple[float, float] = (0.3, 2.0)
    min_body_fraction: float = 0.5
    body_hu: tuple[float, float] = (-300.0, 300.0)
    max_noise_hu: float = 120.0
    body_threshold_hu: float = -500.0


_SAMPLED_SLICES = 16
_MAD_OF_NORMAL = 0.6745  # median absolute deviation of a normal variable of deviation 1


def check_quality(volume: Volume, rules: ScreeningRules) -> None:
    """Refuse a volume that breaks a rule.

    Raises:
        SeriesError: With the first rule that is broken.
    """
    check_shape(volume.hu.shape, volume.spacing_mm, rules)
    check_body([volume.hu[z] for z in sampled_slices(len(volume.hu))], rules)


def check_shape(
    shape: Sequence[int], spacing_mm: tuple[float, float, float], rules: ScreeningRules
) -> None:
    """Refuse a volume by its size alone.

    Args:
        shape: Slices, rows, columns.
        spacing_mm: (z, y, x).
        rules: The limits.

    Raises:
        SeriesError: With the first rule that is broken.
    """
    slices, rows, columns = shape
    if slices < rules.min_slices:
        raise SeriesError(Reason.TOO_FEW_SLICES, f"{slices} slices, fewer than {rules.min_slices}")
    step, *pixel = spacing_mm
    if not _within(step, rules.step_mm) or not all(_within(p, rules.pixel_mm) for p in pixel):
        raise SeriesError(
            Reason.BAD_SPACING, "spacing " + " x ".join(f"{v:.3f}" for v in spacing_mm) + " mm"
        )
    if min(rows, columns) < rules.min_matrix:
        raise SeriesError(
            Reason.SMALL_MATRIX, f"{rows} x {columns} pixels, fewer than {rules.min_matrix}"
        )


def sampled_slices(count: int) -> list[int]:
    """Return the numbers of slices spread over a volume of `count` slices."""
    chosen = np.linspace(0, count - 1, min(_SAMPLED_SLICES, count)).astype(int)
    return [int(z) for z in chosen]


def check_body(sampled: Sequence[NDArray[np.int16]], rules: ScreeningRules) -> None:
    """Look at slices (Y, X) spread over a volume: is there a body, and is its scale HU?

    Args:
        sampled: The slices, as `sampled_slices` chooses them.
        rules: The limits.

    Raises:
        SeriesError: With the first rule that is broken.
    """
    medians, noises = [], []
    for hu in sampled:
        # One region: the air between two legs would hide their noise.
        box = largest_part_box(hu[None], rules.body_threshold_hu)
        if box is not None:
            body = hu[box[0] : box[1] : 4, box[2] : box[3] : 4]
            medians.append(float(np.median(body[body > rules.body_threshold_hu])))
            noises.append(noise_hu(hu[box[0] : box[1], box[2] : box[3]]))
    found = len(medians) / len(sampled)
    if found < rules.min_body_fraction:
        raise SeriesError(Reason.NO_BODY, f"a body in {found:.0%} of the slices looked at")
    median = float(np.median(medians))
    if not _within(median, rules.body_hu):
        raise SeriesError(Reason.IMPLAUSIBLE_HU, f"the body has a median of {median:.0f} HU")
    noise = float(np.median(noises))
    if noise > rules.max_noise_hu:
        raise SeriesError(Reason.NOISY, f"the body has a noise of {noise:.0f} HU")


def noise_hu(body: NDArray[np.int16]) -> float:
    """Return the standard deviation of the noise in a slice (Y, X) of the body.

    The median absolute second difference along every fourth row: edges are few, noise is
    everywhere. For white noise of deviation s it has the deviation sqrt(6) s.
    """
    rows = body[::4].astype(np.int32)
    second = rows[:, 2:] - 2 * rows[:, 1:-1] + rows[:, :-2]
    return float(np.median(np.abs(second))) / (_MAD_OF_NORMAL * 6**0.5)


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]
