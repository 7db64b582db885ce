"""DeepLesion's table, `DL_info.csv` (Yan et al., JMI 2018): one row per lesion."""

from dataclasses import dataclass
from pathlib import Path

from maknet.errors import InputError
from maknet.files import read_rows

_NEEDED = (
    "File_name", "Patient_index", "Key_slice_index", "Bounding_boxes", "Spacing_mm_px_",
    "Possibly_noisy",
)  # fmt: skip


@dataclass(frozen=True)
class LesionRow:
    """What the workflow uses of one row of `DL_info.csv`.

    Attributes:
        lesion_index: 0-based row number, LesaNet's lesion id.
        patient: Patient_index.
        series: Folder of the series, for example `000001_01_01`.
        key_slice: Number of the slice on which the lesion was measured.
        spacing_mm: (x, y, z) as in the table.
        box: x1, y1, x2, y2 around the lesion as in the table, in pixels counted from 1.
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
        return LesionRow(
            number, int(row["Patient_index"]), series, int(Path(slice_name).stem), (x, y, z),
            (x1, y1, x2, y2),
        )  # fmt: skip
    except (ValueError, AttributeError) as error:
        raise InputError(f"{path}: row {number} cannot be read ({error}); fix the row.") from error
