"""Synthetic lesions: their places and looks, and what a radiologist would write about them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maknet.phantom.anatomy import Patient
from maknet.phantom.render import Scanner, Slice, render
from maknet.phantom.shapes import Ellipsoid, Shape, cross_section
from maknet.phantom.terms import LESION_SITES, with_ancestors

_TRIES = 40
_MIN_SITE_PIXELS = 6
_LESION_TEXTURE = 12.0


@dataclass(frozen=True)
class Lesion:
    """One lesion.

    Attributes:
        site: Organ in which it grows.
        shape: Ellipsoid that is painted.
        u_mm: Level of its center in mm below the vertex.
        terms: All true labels, with ancestors.
    """

    site: str
    shape: Ellipsoid
    u_mm: float
    terms: frozenset[str]


def grow_lesion(
    patient: Patient,
    scanner: Scanner,
    generator: np.random.Generator,
    u_mm: float | None = None,
) -> Lesion | None:
    """Place a lesion in a random organ, or in any organ of a given slice.

    Args:
        patient: Patient in whom it grows.
        scanner: Scanner whose picture decides what is visible.
        generator: Generator that the lesion is drawn from.
        u_mm: Level of the slice in mm below the vertex; None for a level in a random organ.

    Returns:
        None when no place is found, for example because the organ is not in the picture.
    """
    sites = list(LESION_SITES)
    for _ in range(_TRIES):
        site = sites[generator.integers(len(sites))]
        level = _level(patient, site, generator) if u_mm is None else u_mm
        if level is None:
            continue
        picture = render(patient, level, scanner, generator)
        spot = _spot(picture, patient, site, generator)
        if spot is not None:
            return _lesion(patient, site, spot, level, generator)
    return None


def _level(patient: Patient, site: str, generator: np.random.Generator) -> float | None:
    shapes = [shape for shape in patient.shapes if shape.organ == site]
    if not shapes:
        return None
    shape = shapes[generator.integers(len(shapes))]
    if isinstance(shape, Ellipsoid):
        low, high = shape.center[2] - shape.radii[2], shape.center[2] + shape.radii[2]
    else:
        low, high = shape.knots[0][0], shape.knots[-1][0]
    inset = 0.1 * (high - low)
    return float(generator.uniform(low + inset, high - inset))


def _spot(
    picture: Slice, patient: Patient, site: str, generator: np.random.Generator
) -> tuple[float, float] | None:
    """Return body coordinates of a random pixel of the organ."""
    numbers = [n for n, shape in enumerate(patient.shapes, 1) if shape.organ == site]
    rows, columns = np.nonzero(np.isin(picture.owner, numbers))
    if len(rows) < _MIN_SITE_PIXELS:
        return None
    chosen = generator.integers(len(rows))
    x, y = picture.body_xy[:, rows[chosen], columns[chosen]]
    return float(x), float(y)


def _lesion(
    patient: Patient,
    site: str,
    spot: tuple[float, float],
    u_mm: float,
    generator: np.random.Generator,
) -> Lesion:
    radius = float(np.exp(generator.uniform(np.log(5), np.log(24))))
    stretch = float(generator.uniform(0.75, 1.3))
    around = next(s.hu for s in patient.shapes if s.organ == site and _reaches(s, u_mm))
    if around < -200:  # in lung and trachea a lesion is soft tissue
        hu, contrast = float(generator.normal(40, 15)), 0.0
    else:
        contrast = float(generator.choice([-1, 1]) * generator.uniform(35, 110))
        hu = around + contrast
    shape = Ellipsoid(
        "lesion", (*spot, u_mm), (radius * stretch, radius / stretch, radius), hu,
        _LESION_TEXTURE, float(generator.uniform(0, 180)),
    )  # fmt: skip
    terms = _findings(site, radius, stretch, contrast)
    return Lesion(site, shape, u_mm, frozenset(with_ancestors({site} | terms)))


def _reaches(shape: Shape, u_mm: float) -> bool:
    return cross_section(shape, u_mm) is not None


def _findings(site: str, radius: float, stretch: float, contrast: float) -> set[str]:
    """Return types and attributes by what is visible."""
    kind = "mass" if radius > 15 else "nodule"
    found = {kind}
    if contrast < -60:
        found = {"cyst"}
    if site in ("left lung", "right lung") and kind == "nodule":
        found.add("lung nodule")
    if site == "liver" and kind == "mass" and "cyst" not in found:
        found.add("liver mass")
    if contrast:
        found.add("hypoattenuation" if contrast < 0 else "hyperattenuation")
    if radius > 18:
        found.add("large")
    if radius < 6:
        found.add("subcentimeter")
    if max(stretch, 1 / stretch) > 1.2:
        found.add("oval")
    return found


def bounding_box(
    picture: Slice, patient: Patient, position: int
) -> tuple[float, float, float, float] | None:
    """Return x1, y1, x2, y2 in pixels of the lesion at `position` among the painted lesions."""
    mask: NDArray[np.bool_] = picture.owner == len(patient.shapes) + 1 + position
    if not mask.any():
        return None
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)
