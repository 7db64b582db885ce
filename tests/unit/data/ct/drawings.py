"""Drawn cross-sections of patients, tables and what else lies in a scanner; HU, 512 x 512."""

import numpy as np

SIDE = 512
STEP = 4  # pixels of a reduced pixel
Drawing = np.ndarray


def air(noise: float = 0.0, slices: int = 1) -> Drawing:
    """Return slices (C, 512, 512) of air."""
    hu = np.random.default_rng(0).normal(-1000, noise, (slices, SIDE, SIDE))
    return hu.astype(np.int16)


def oval(
    hu: Drawing, row: float, column: float, down: float, across: float | None = None,
    value: int = 40,
) -> np.ndarray:  # fmt: skip
    """Draw an oval of the half axes `down` and `across` and return where it is, (512, 512)."""
    y, x = np.ogrid[:SIDE, :SIDE]
    inside = ((y - row) / down) ** 2 + ((x - column) / (across or down)) ** 2 <= 1
    hu[:, inside] = value
    return np.asarray(inside)


def table(
    hu: Drawing, top: float, sag: float, wall: int = 5, depth: int = 40, half: int = 230,
    value: int = -150,
) -> None:  # fmt: skip
    """Draw a table of foam in a shell, its middle at row `top`, its ends `sag` rows higher."""
    y, x = np.ogrid[:SIDE, :SIDE]
    below = y - top + sag * ((x - SIDE / 2) / half) ** 2
    across = np.abs(x - SIDE / 2) < half
    drawn = hu < -500  # a table never covers the patient
    hu[:, (below >= 0) & (below < depth) & across & drawn[0]] = value
    foam = (below >= wall) & (below < depth - wall) & (np.abs(x - SIDE / 2) < half - wall)
    hu[:, foam & drawn[0]] = -940


def bounds(inside: np.ndarray) -> tuple[int, int, int, int]:
    """Return first row, end row, first column, end column of what is drawn."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def lost(inside: np.ndarray, box: tuple[int, int, int, int] | None) -> int:
    """Return by how many pixels a box cuts what is drawn."""
    assert box is not None
    top, bottom, left, right = bounds(inside)
    return max(box[0] - top, bottom - box[1], box[2] - left, right - box[3], 0)
