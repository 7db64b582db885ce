"""The shapes that a patient is drawn with.

Coordinates are LPS millimeters: x to the patient's left, y to the back, u downwards from the vertex
of the head (DICOM z is -u).
"""

from dataclasses import dataclass, replace
from itertools import pairwise

Knot = tuple[float, float, float, float, float]  # u, x, y, radius x, radius y


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid, turned in the slice plane.

    Attributes:
        organ: Name of the organ.
        center: Center (x, y, u) in mm.
        radii: Radii (x, y, u) in mm.
        hu: Mean value inside in HU.
        texture: Approximate standard deviation of the texture in HU.
        angle: Rotation in degrees.
    """

    organ: str
    center: tuple[float, float, float]
    radii: tuple[float, float, float]
    hu: float
    texture: float = 4.0
    angle: float = 0.0


@dataclass(frozen=True)
class Tube:
    """A tube of elliptic cross-sections, linear between knots.

    Attributes:
        organ: Name of the organ.
        knots: Level, center and radii of some cross-sections in mm, from top to bottom.
        hu: Mean value inside in HU.
        texture: Approximate standard deviation of the texture in HU.
        wall: Thickness in mm; above 0 the tube is a ring with gaps, as of ribs.
    """

    organ: str
    knots: tuple[Knot, ...]
    hu: float
    texture: float = 4.0
    wall: float = 0.0


Shape = Ellipsoid | Tube


def stretched(shape: Shape, length: float) -> Shape:
    """Return the shape on a body axis scaled by `length`."""
    if isinstance(shape, Tube):
        return replace(shape, knots=tuple((k[0] * length, *k[1:]) for k in shape.knots))
    (x, y, u), (rx, ry, ru) = shape.center, shape.radii
    return replace(shape, center=(x, y, u * length), radii=(rx, ry, ru * length))


def cross_section(shape: Shape, u_mm: float) -> tuple[float, float, float, float] | None:
    """Return center (x, y) and radii (x, y) in mm of a shape at level `u_mm`, None outside it."""
    if isinstance(shape, Ellipsoid):
        height = 1 - ((u_mm - shape.center[2]) / shape.radii[2]) ** 2
        if height <= 0:
            return None
        scale = height**0.5
        return shape.center[0], shape.center[1], shape.radii[0] * scale, shape.radii[1] * scale
    knots = shape.knots
    if not knots[0][0] <= u_mm <= knots[-1][0]:
        return None
    for (u0, *low), (u1, *high) in pairwise(knots):
        if u_mm <= u1:
            part = (u_mm - u0) / (u1 - u0)
            x, y, rx, ry = (a + part * (b - a) for a, b in zip(low, high, strict=True))
            return x, y, rx, ry
    return None
