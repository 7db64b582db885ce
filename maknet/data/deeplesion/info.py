"""DeepLesion's table, `DL_info.csv` (Yan et al., JMI 2018): one row per lesion."""

import math
from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import read_rows

_NEEDED = (
    "File_name", "Patient_index", "Key_slice_index", "Bounding_boxes", "Spacing_mm_px_",
    "Possibly_noisy",
)  # fmt: skip

# What no scanner leaves: DeepLesion has pixels of 0.28 to 0.98 mm and steps of 0.25 to 5, drawn
# phantoms have pixels of up to 7 mm.
_PIXEL_MM = (0.05, 10.0)
_STEP_MM = (0.05, 50.0)
_MAX_CORNER = 4200.0  # pixels; the largest slice that is read, and what boxes have around a lesion


@dataclass(frozen=True)
class LesionRow:
    """What the workflow uses of one row of `DL_info.csv`.

    Attributes:
        lesion_index: 0-based row number, LesaNet's lesion id.
        patient: Patient_index.
        series: Folder of the series, for example `000001_01_01`.
        key_slice: Number of the slice on which the lesion was measured.
        spacing_mm: (x, y, z) as in the table; a z that is not a number or not positive is unknown,
            and LesaNet's patch then shows the key slice three times.
        box: x1 < x2, y1 < y2 around the lesion as in the table, in pixels counted from 1.
    """

    lesion_index: int
    patient: int
    series: str
    key_slice: int
    spacing_mm: tuple[float, float, float]
    box: tuple[float, float, float, float]


def load_info(path: str | Path) -> list[LesionRow]:
    """Read `DL_info.csv`.

    Raises:
        InputError: The file is missing, lacks a column, or a row cannot be read.
    """
    rows = read_rows(path)
    missing = [column for column in _NEEDED if not rows or column not in rows[0]]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it is not DL_info.csv.")
    return [_lesion_row(path, number, row) for number, row in enumerate(rows)]


def _lesion_row(path: str | Path, number: int, row: dict[str, str]) -> LesionRow:
    try:
        series, slice_name = row["File_name"].rsplit("_", 1)
        x, y, z = (float(part) for part in row["Spacing_mm_px_"].split(","))
        x1, y1, x2, y2 = (float(part) for part in row["Bounding_boxes"].split(","))
        lesion = LesionRow(
            number, int(row["Patient_index"]), series, int(Path(slice_name).stem), (x, y, z),
            (x1, y1, x2, y2),
        )  # fmt: skip
    except (ValueError, AttributeError, TypeError) as error:
        raise InputError(f"{path}: row {number} cannot be read ({error}); fix the row.") from error
    fault = _fault(lesion)
    if fault:
        raise InputError(f"{path}: row {number} {fault}; fix the row.")
    return lesion


def _fault(lesion: LesionRow) -> str | None:
    """Return what no row of DeepLesion can say; comparisons with NaN are false."""
    x, y, z = lesion.spacing_mm
    x1, y1, x2, y2 = lesion.box
    if not all(_PIXEL_MM[0] <= side <= _PIXEL_MM[1] for side in (x, y)):
        return f"has pixels of {x:g} x {y:g} mm"
    if not (math.isnan(z) or -math.inf < z <= 0 or _STEP_MM[0] <= z <= _STEP_MM[1]):
        return f"has slices {z:g} mm apart"
    if not all(abs(corner) <= _MAX_CORNER for corner in lesion.box):
        return f"has a box at {lesion.box}, which no slice holds"
    if not (x1 < x2 and y1 < y2):
        return f"has a box whose corners are in the wrong order, {lesion.box}"
    if lesion.patient < 0 or lesion.key_slice < 0:
        return "has a negative patient or slice"
    if lesion.series != Path(lesion.series).name:
        return f"names the folder {lesion.series!r}, which is not a folder's name"
    return None
