"""Whether slices form one stack: their common orientation, their order and their step."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.reasons import Reason, SeriesError
from maknet.dicom.header import Header


@dataclass(frozen=True)
class GeometryRules:
    """Limits on the geometry of a stack (config section `series`).

    Attributes:
        min_normal_z: Smallest |z| of the unit normal; 0.8 admits gantry tilts up to 37 degrees.
        max_gap_ratio: Largest gap between neighbors, in median steps, before a slice is missing.
        duplicate_mm: Slices closer than this share a position.
    """

    min_normal_z: float = 0.8
    max_gap_ratio: float = 1.5
    duplicate_mm: float = 0.01


def common_geometry(
    slices: Sequence[Header], rules: GeometryRules
) -> tuple[tuple[float, ...], NDArray[np.float64]]:
    """Return the orientation all slices share and its unit normal.

    Raises:
        SeriesError: They are not axial, or differ.
    """
    directions = np.array([h.direction for h in slices])
    normals = np.cross(directions[:, :3], directions[:, 3:])
    lengths = np.linalg.norm(normals, axis=1)
    axial = (np.abs(normals[:, 2]) >= rules.min_normal_z * lengths) & (lengths > 0)
    if not axial.any():
        raise SeriesError(Reason.NOT_AXIAL, f"slice normal {np.round(normals[0], 2).tolist()}")
    different = np.flatnonzero(~_same_geometry(slices, directions))
    if len(different):
        raise SeriesError(
            Reason.MIXED_GEOMETRY,
            f"{slices[different[0]].name} differs from {slices[0].name} in matrix, "
            "spacing or orientation",
        )
    return slices[0].direction, normals[0] / lengths[0]


def _same_geometry(slices: Sequence[Header], directions: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Compare all slices with the first, with the tolerance of values that scanners round."""
    matrices = np.array([(h.rows, h.columns) for h in slices])
    spacings = np.array([h.pixel_spacing for h in slices])
    same: NDArray[np.bool_] = (
        (matrices == matrices[0]).all(1)
        & np.isclose(spacings, spacings[0], rtol=1e-3, atol=0).all(1)
        & np.isclose(directions, directions[0], rtol=0, atol=1e-3).all(1)
    )
    return same


def sort_slices(
    slices: Sequence[Header], normal: NDArray[np.float64], rules: GeometryRules
) -> tuple[list[Header], NDArray[np.float64], float]:
    """Return the slices in ascending position along the normal, the positions and their step.

    Raises:
        SeriesError: Slices are missing, share a place, or are shifted in their plane.
    """
    points = np.array([h.position for h in slices])
    order = np.argsort(points @ normal, kind="stable")
    slices, points = [slices[i] for i in order], points[order]
    positions = points @ normal
    step = _regular_step(positions, rules)
    _require_straight(slices, points, normal, rules)
    return list(slices), positions, step


def _require_straight(
    slices: Sequence[Header], points: NDArray[np.float64], normal: NDArray[np.float64],
    rules: GeometryRules,
) -> None:  # fmt: skip
    """Refuse a slice that lies beside the one before it.

    A tilted gantry shifts every slice in its plane, and at the largest tilt that `min_normal_z`
    admits by 3/4 of the step. A pixel more is granted to scanners that round.

    Raises:
        SeriesError: There is one.
    """
    moves = np.diff(points, axis=0)
    gaps = moves @ normal
    shifts = np.linalg.norm(moves - gaps[:, None] * normal, axis=1)
    tangent = np.sqrt(1 / max(rules.min_normal_z, 1e-3) ** 2 - 1)
    far = np.flatnonzero(shifts > tangent * gaps + max(slices[0].pixel_spacing))
    if len(far):
        first = int(far[0])
        raise SeriesError(
            Reason.SHIFTED_SLICES,
            f"{slices[first + 1].name} lies {shifts[first]:.1f} mm beside "
            f"{slices[first].name}, {gaps[first]:.2f} mm from it along the normal",
        )


def _regular_step(positions: NDArray[np.float64], rules: GeometryRules) -> float:
    if len(positions) < 2:
        raise SeriesError(Reason.TOO_FEW_SLICES, f"{len(positions)} slice")
    gaps = np.diff(positions)
    duplicates = int((gaps < rules.duplicate_mm).sum())
    if duplicates:
        raise SeriesError(
            Reason.DUPLICATE_POSITIONS, f"{duplicates} slices share a position with another"
        )
    step = float(np.median(gaps))
    holes = int((gaps > rules.max_gap_ratio * step).sum())
    if holes:
        raise SeriesError(
            Reason.MISSING_SLICES,
            f"{holes} gaps of up to {gaps.max():.2f} mm between slices {step:.2f} mm apart",
        )
    return step
