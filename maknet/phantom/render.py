"""A synthetic patient's slice in HU, with the organ that owns each pixel.

The picture has what makes CT hard to read: bent outlines, texture, partial volume, correlated
noise, a table. N is the matrix of the slice.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.phantom.anatomy import Patient
from maknet.phantom.shapes import Ellipsoid, Shape, Tube, cross_section

_KERNEL = np.array([0.23, 0.54, 0.23], np.float32)
_RIBS = 13  # rib arcs around the trunk


@dataclass(frozen=True)
class Scanner:
    """Acquisition settings of a slice.

    Attributes:
        matrix: Image side in pixels, N.
        field_of_view_mm: Image side in mm.
        noise_hu: Standard deviation of the noise in HU.
        table: Whether the table is in the picture.
    """

    matrix: int
    field_of_view_mm: float
    noise_hu: float
    table: bool = True

    @property
    def pixel_mm(self) -> float:
        """Side of a pixel in mm."""
        return self.field_of_view_mm / self.matrix

    def axis(self) -> NDArray[np.float32]:
        """Return the pixel centers in mm, the same along both axes, (N,)."""
        center = (self.matrix - 1) / 2
        return (np.arange(self.matrix, dtype=np.float32) - np.float32(center)) * np.float32(
            self.pixel_mm
        )


@dataclass(frozen=True)
class Slice:
    """One rendered slice.

    Attributes:
        hu: Slice in HU, (N, N) float32.
        owner: Position plus one of the shape that owns each pixel, patient's shapes first, then the
            lesions; 0 for air, (N, N) int16.
        body_xy: Bent coordinates in mm in which the shapes are drawn, (2, N, N) float32.
    """

    hu: NDArray[np.float32]
    owner: NDArray[np.int16]
    body_xy: NDArray[np.float32]


def render(
    patient: Patient,
    u_mm: float,
    scanner: Scanner,
    generator: np.random.Generator,
    lesions: tuple[Shape, ...] = (),
) -> Slice:
    """Draw one slice.

    Args:
        patient: Patient to draw.
        u_mm: Level of the slice in mm below the vertex.
        scanner: Acquisition settings.
        generator: Generator that texture and noise are drawn from.
        lesions: Shapes that are painted after the patient's.
    """
    axis = scanner.axis()
    x, y = _body_coordinates(patient, u_mm, axis)
    hu = np.full((scanner.matrix, scanner.matrix), -1000, np.float32)
    if scanner.table:
        _paint_table(hu, axis, patient.girth)
    fine, coarse = _smooth_field(generator, len(axis), 48), _smooth_field(generator, len(axis), 24)
    texture = 0.7 * coarse + 0.5 * fine
    owner = np.zeros(hu.shape, np.int16)
    for number, shape in enumerate((*patient.shapes, *lesions), 1):
        _paint(shape, number, u_mm, axis, patient, x, y, texture, hu, owner)
    hu = _blurred(hu) + scanner.noise_hu * _noise(generator, x, y)
    return Slice(hu, owner, np.stack([x, y]))


def _body_coordinates(
    patient: Patient, u_mm: float, axis: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return where in the body each pixel lies: shifted, turned and smoothly bent by about 5 mm."""
    x, y = np.meshgrid(axis - patient.shift_mm[0], axis - patient.shift_mm[1])
    angle = np.deg2rad(patient.turn_degrees)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x, y = cosine * x + sine * y, cosine * y - sine * x
    # The bend is a sum of waves along one axis each, so a row or column of sines is enough.
    dx, dy = np.zeros_like(axis), np.zeros_like(axis)
    size, phase = patient.bend
    for k in range(size.shape[1]):
        along_x, along_y, along_u = (2 * np.pi / (base + step * k) for base, step in
                                     ((90, 25), (110, 19), (120, 30)))  # fmt: skip
        dx += 1.6 * size[0, k] * np.sin(along_y * axis + along_u * u_mm + 3 * phase[0, k])
        dy += 1.6 * size[1, k] * np.sin(along_x * axis + along_u * u_mm + 3 * phase[1, k])
    return x + dx[:, None], y + dy[None, :]


def _paint(
    shape: Shape, number: int, u_mm: float, axis: NDArray[np.float32], patient: Patient,
    x: NDArray[np.float32], y: NDArray[np.float32], texture: NDArray[np.float32],
    hu: NDArray[np.float32], owner: NDArray[np.int16],
) -> None:  # fmt: skip
    section = cross_section(shape, u_mm)
    if section is None:
        return
    cx, cy, rx, ry = section
    if min(rx, ry) < 0.4 * (axis[1] - axis[0]):
        return
    window = _window_of(cx, cy, max(rx, ry) + 14, axis, patient)
    if window is None:
        return
    dx, dy = x[window] - np.float32(cx), y[window] - np.float32(cy)
    if isinstance(shape, Ellipsoid) and shape.angle:
        angle = np.deg2rad(shape.angle)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        dx, dy = cosine * dx + sine * dy, cosine * dy - sine * dx
    inside = (dx / rx) ** 2 + (dy / ry) ** 2 <= 1
    if isinstance(shape, Tube) and shape.wall:
        hollow = (dx / max(rx - shape.wall, 1)) ** 2 + (dy / max(ry - shape.wall, 1)) ** 2 <= 1
        inside &= ~hollow & (np.sin(np.arctan2(dy, dx) * _RIBS + u_mm / 9) > 0.15)
    np.copyto(hu[window], shape.hu + shape.texture * texture[window], where=inside)
    np.copyto(owner[window], number, where=inside)


def _window_of(
    cx: float, cy: float, reach: float, axis: NDArray[np.float32], patient: Patient
) -> tuple[slice, slice] | None:
    """Return the part of the image a shape can touch."""
    angle = np.deg2rad(patient.turn_degrees)
    cosine, sine = float(np.cos(angle)), float(np.sin(angle))
    column = cosine * cx - sine * cy + patient.shift_mm[0]
    row = sine * cx + cosine * cy + patient.shift_mm[1]
    left, right = np.searchsorted(axis, [column - reach, column + reach])
    top, bottom = np.searchsorted(axis, [row - reach, row + reach])
    if left >= right or top >= bottom:
        return None
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _paint_table(hu: NDArray[np.float32], axis: NDArray[np.float32], girth: float) -> None:
    depth = axis[:, None] - (138 + 18 * girth - (axis[None] / 205) ** 2 * 40)
    across = np.abs(axis)[None] < 205
    hu[(depth > 0) & (depth < 32) & across] = -150
    hu[(depth >= 5) & (depth < 28) & across] = -940


def _smooth_field(generator: np.random.Generator, size: int, cells: int) -> NDArray[np.float32]:
    """Return a (size, size) field of unit variance that varies over size / cells pixels."""
    grid = generator.standard_normal((cells + 1, cells + 1), dtype=np.float32)
    at = np.linspace(0, cells, size, endpoint=False, dtype=np.float32)
    cell = at.astype(np.int64)
    part = at - cell
    rows = grid[cell] * (1 - part)[:, None] + grid[cell + 1] * part[:, None]
    field: NDArray[np.float32] = rows[:, cell] * (1 - part) + rows[:, cell + 1] * part
    return field


def _blurred(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Blur by a 3-pixel kernel along both axes: partial volume, and the noise's correlation."""
    padded = np.pad(image, 1, mode="edge")
    rows = _KERNEL[0] * padded[:-2] + _KERNEL[1] * padded[1:-1] + _KERNEL[2] * padded[2:]
    blurred: NDArray[np.float32] = (
        _KERNEL[0] * rows[:, :-2] + _KERNEL[1] * rows[:, 1:-1] + _KERNEL[2] * rows[:, 2:]
    )
    return blurred


def _noise(
    generator: np.random.Generator, x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return noise of about unit variance, strongest in the middle of the body."""
    noise = _blurred(generator.standard_normal(x.shape, dtype=np.float32))
    profile = 0.75 + 0.5 * np.exp(-((x / 160) ** 2) - (y / 110) ** 2)
    scaled: NDArray[np.float32] = noise / noise.std() * profile
    return scaled
