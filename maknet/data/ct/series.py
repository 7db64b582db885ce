"""One DICOM CT series in a folder becomes a volume in HU, or is refused with one reason.

Slices are sorted along the slice normal; InstanceNumber, SliceLocation and file names are never
used, since archives get them wrong. HU equals what SimpleITK's readers return. A series reader that
builds volumes itself is not used: with a scout, a duplicate or a missing slice in the folder it
returns wrong geometry without an error. Z slices, Y rows, X columns.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.ct.header import (
    BrokenHeaderError,
    Header,
    NotAnImageError,
    NotDicomError,
    read_header,
)
from maknet.data.ct.pixels import PixelError, read_hu
from maknet.errors import InputError


class Reason(StrEnum):
    """Why a series is refused: the values of the column `reason` in `rejected.csv`."""

    NO_IMAGES = "no_images"
    NOT_DICOM = "not_dicom"
    NOT_CT = "not_ct"
    MIXED_SERIES = "mixed_series"
    MULTIFRAME = "multiframe"
    LOCALIZER = "localizer"
    REFORMATTED = "reformatted"
    NOT_MONOCHROME2 = "not_monochrome2"
    MISSING_GEOMETRY = "missing_geometry"
    MISSING_RESCALE = "missing_rescale"
    IMPLAUSIBLE_HEADER = "implausible_header"
    NOT_AXIAL = "not_axial"
    MIXED_GEOMETRY = "mixed_geometry"
    DUPLICATE_POSITIONS = "duplicate_positions"
    MISSING_SLICES = "missing_slices"
    TRUNCATED = "truncated"
    UNDECODABLE = "undecodable"
    TOO_FEW_SLICES = "too_few_slices"
    BAD_SPACING = "bad_spacing"
    SMALL_MATRIX = "small_matrix"
    NO_BODY = "no_body"
    IMPLAUSIBLE_HU = "implausible_hu"
    NOISY = "noisy"


class SeriesError(InputError):
    """A series that is not a usable axial CT volume.

    Attributes:
        reason: The rule that refused it.
        detail: What was found, for people.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class Volume:
    """A CT volume, slices in ascending position along the slice normal.

    Attributes:
        hu: (Z, Y, X) int16 in HU, as stored: rows and columns are not turned.
        spacing_mm: (z, y, x); z is the median step along the normal.
        positions_mm: (Z,) along the normal, strictly increasing.
        direction: DICOM ImageOrientationPatient: row direction, then column direction, in LPS.
        series_uid: SeriesInstanceUID.
        left_out: Files of the folder that are not slices of the volume, counted by kind.
    """

    hu: NDArray[np.int16]
    spacing_mm: tuple[float, float, float]
    positions_mm: NDArray[np.float64]
    direction: tuple[float, ...]
    series_uid: str
    left_out: Mapping[str, int] = field(default_factory=dict)


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


_REFORMATTED = ("MPR", "REFORMATTED", "PROJECTION IMAGE", "MIP", "MINIP", "SCREEN SAVE")
_LOCALIZER = ("LOCALIZER", "SCOUT")


def read_series(folder: str | Path, rules: GeometryRules | None = None) -> Volume:
    """Read the CT series in `folder`.

    Localizers inside the series, RTSTRUCT and other objects without pixels, and files that are not
    DICOM and do not claim to be (no `.dcm` suffix) are left out and counted.

    Raises:
        SeriesError: The folder does not hold exactly one usable axial CT volume.
    """
    rules = rules or GeometryRules()
    headers, left_out = _read_headers(Path(folder))
    _require_one_ct_series(headers)
    slices = [h for h in headers if not _is_localizer(h)]
    left_out["localizer"] = len(headers) - len(slices)
    if not slices:
        raise SeriesError(Reason.LOCALIZER, f"all {len(headers)} images are localizers")
    for header in slices:
        _require_readable(header)
    direction, normal = _common_geometry(slices, rules)
    positions = np.array([h.position for h in slices]) @ normal
    order = np.argsort(positions, kind="stable")
    slices, positions = [slices[i] for i in order], positions[order]
    step = _regular_step(positions, rules)
    spacing = (step, slices[0].pixel_spacing[0], slices[0].pixel_spacing[1])
    return Volume(
        _read_pixels(slices),
        spacing,
        positions,
        direction,
        slices[0].series_uid or Path(folder).name,  # anonymized files may lack it
        {kind: count for kind, count in left_out.items() if count},
    )


def _read_headers(folder: Path) -> tuple[list[Header], Counter[str]]:
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder; name the folder of one CT series.")
    headers: list[Header] = []
    left_out: Counter[str] = Counter()
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        try:
            headers.append(read_header(path))
        except BrokenHeaderError as error:
            raise SeriesError(Reason.TRUNCATED, f"{path.name}: {error}") from error
        except NotDicomError as error:
            if path.suffix.lower() == ".dcm":
                raise SeriesError(Reason.NOT_DICOM, f"{path.name}: {error}") from error
            left_out["not_dicom"] += 1
        except NotAnImageError:
            left_out["not_an_image"] += 1
    if not headers:
        raise SeriesError(Reason.NO_IMAGES, f"{sum(left_out.values())} files, no DICOM image")
    return headers, left_out


def _require_one_ct_series(headers: Sequence[Header]) -> None:
    for header in headers:
        if header.modality != "CT":
            detail = f"{header.path.name} has the modality {header.modality or 'none'}"
            raise SeriesError(Reason.NOT_CT, detail)
        if header.frames != 1:
            raise SeriesError(Reason.MULTIFRAME, f"{header.path.name} holds {header.frames} frames")
    series = sorted({h.series_uid for h in headers})
    if len(series) > 1:
        raise SeriesError(Reason.MIXED_SERIES, f"{len(series)} SeriesInstanceUIDs in one folder")


def _is_localizer(header: Header) -> bool:
    return any(word in header.image_type for word in _LOCALIZER)


def _require_readable(header: Header) -> None:
    name = header.path.name
    if any(word in part for word in _REFORMATTED for part in header.image_type.split("\\")):
        raise SeriesError(Reason.REFORMATTED, f"{name} has the image type {header.image_type}")
    if header.photometric != "MONOCHROME2":
        raise SeriesError(Reason.NOT_MONOCHROME2, f"{name} is {header.photometric or 'unnamed'}")
    if len(header.position) != 3 or len(header.direction) != 6 or len(header.pixel_spacing) != 2:
        raise SeriesError(
            Reason.MISSING_GEOMETRY, f"{name} lacks its position, orientation or pixel spacing"
        )
    if header.intercept is None or not header.slope:
        raise SeriesError(Reason.MISSING_RESCALE, f"{name} lacks its rescale slope or intercept")
    geometry = (*header.position, *header.direction, *header.pixel_spacing)
    if not all(map(math.isfinite, (*geometry, header.slope, header.intercept))):
        raise SeriesError(Reason.IMPLAUSIBLE_HEADER, f"{name} has numbers that are not finite")
    if min(header.rows, header.columns, *header.pixel_spacing) <= 0:
        raise SeriesError(Reason.IMPLAUSIBLE_HEADER, f"{name} has an empty matrix or pixel")
    if not 1 <= header.bits_stored <= header.bits_allocated:
        raise SeriesError(
            Reason.IMPLAUSIBLE_HEADER,
            f"{name} stores {header.bits_stored} of {header.bits_allocated} bits",
        )


def _common_geometry(
    slices: Sequence[Header], rules: GeometryRules
) -> tuple[tuple[float, ...], NDArray[np.float64]]:
    """Return the orientation all slices share and its unit normal."""
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
            f"{slices[different[0]].path.name} differs from {slices[0].path.name} in matrix, "
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


def _read_pixels(slices: Sequence[Header]) -> NDArray[np.int16]:
    hu = np.empty((len(slices), slices[0].rows, slices[0].columns), np.int16)
    for z, header in enumerate(slices):
        try:
            read_hu(header, out=hu[z])
        except PixelError as error:
            reason = Reason.TRUNCATED if error.truncated else Reason.UNDECODABLE
            raise SeriesError(reason, f"{header.path.name}: {error}") from error
    return hu
