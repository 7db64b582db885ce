"""The images that are searched for duplicates: those of a labeled split, or all unlabeled ones.

N images, C slices, S the image side, F numbers a fingerprint.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.data.deeplesion.info import LesionRow
from maknet.data.shards.pool import ConcatShards
from maknet.data.shards.shard import ShardReader
from maknet.duplicates.fingerprint import load_fingerprints
from maknet.errors import InputError
from maknet.files import parsing

if TYPE_CHECKING:  # a head node, which has no torch, leaves series out
    from maknet.data.shards.prefetch import ImageSource

_SIDES = ["crop_top", "crop_bottom", "crop_left", "crop_right"]
_OF_SERIES = ("study_uid", "frame_uid", "acquisition")
_TEXT = {"series_uid", "series", "patient", "status", *_OF_SERIES}


@dataclass(frozen=True)
class ImageSet:
    """Prepared images with what tells their scans apart.

    Attributes:
        name: `train`, `val`, `test`, `hand` or `unlabeled`.
        source: Shard or pool of the images, (N, C, S, S).
        fingerprints: (N, C, F) int8.
        window_hu: HU shown as 0 and as 255.
        rows: One row an image: `series`, `patient` (empty where unknown), `slice` (of the middle),
            `z_mm` (from the top of the scan), `step_mm` (between slices), `row_mm` and `column_mm`
            (of the image's pixels), `study_uid`, `frame_uid`, `acquisition` where they are known.
    """

    name: str
    source: "ImageSource"
    fingerprints: NDArray[np.int8]
    window_hu: tuple[float, float]
    rows: pd.DataFrame

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.rows)

    def images(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read images (R, C, S, S), each from disk once however often it is asked for."""
        different, places = np.unique(numbers, return_inverse=True)
        out = np.empty((len(different), *self.source.shape[1:]), np.uint8)
        self.source.read(different, out)
        return out[places]

    def middle(self) -> NDArray[np.int8]:
        """Return the fingerprints of the middle slices, (N, F)."""
        return self.fingerprints[:, self.fingerprints.shape[1] // 2]


def labeled_set(
    name: str, shard: Path, index: Path, fingerprints: Path, lesions: Sequence[LesionRow]
) -> ImageSet:
    """Return the images of a labeled split.

    Args:
        name: Name of the split.
        shard: Shard of its images.
        index: Its index.
        fingerprints: Fingerprints of its slices.
        lesions: All rows of `DL_info.csv`.

    Raises:
        InputError: The files do not belong together.
    """
    source = ShardReader(shard)
    table = _table(index, ["lesion_index", "patient", "series", "key_slice", *_SIDES])
    spacing = np.array([lesions[int(i)].spacing_mm for i in table["lesion_index"]]).reshape(-1, 3)
    rows = pd.DataFrame(
        {
            "series": table["series"], "patient": table["patient"],
            "slice": table["key_slice"], "z_mm": table["key_slice"] * spacing[:, 2],
            "step_mm": spacing[:, 2],
        }
    )  # fmt: skip
    rows = rows.assign(**dict.fromkeys(_OF_SERIES, ""))
    down, across = pd.Series(spacing[:, 1]), pd.Series(spacing[:, 0])
    sizes = _pixel_mm(table, down, across, source.shape[-1])
    return _checked(name, source, [fingerprints], rows.assign(**sizes), index)


def unlabeled_set(
    shards: Sequence[Path],
    indices: Sequence[Path],
    fingerprints: Sequence[Path],
    series: pd.DataFrame,
    patients: Mapping[str, str],
) -> ImageSet:
    """Return the unlabeled images of all batches.

    Args:
        shards: Shards of the batches.
        indices: Their indices, and so on, in the same order.
        fingerprints: Their fingerprints.
        series: All accepted series, see `series_table`.
        patients: PatientID by SeriesInstanceUID, where they are known.

    Raises:
        InputError: The files do not belong together.
    """
    source = ConcatShards(shards)
    needed = ["series_uid", "first_slice", "step_mm", "row_mm", "column_mm", *_SIDES]
    table = pd.concat([_table(path, needed) for path in indices], ignore_index=True)
    middle = table["first_slice"] + 1
    rows = pd.DataFrame(
        {
            "series": table["series_uid"], "patient": table["series_uid"].map(patients).fillna(""),
            "slice": middle, "z_mm": middle * table["step_mm"],
            "step_mm": table["step_mm"],
        }
    )  # fmt: skip
    by_uid = series.set_index("series_uid")
    for name in _OF_SERIES:
        rows[name] = table["series_uid"].map(by_uid[name]).fillna("")
    sizes = _pixel_mm(table, table["row_mm"], table["column_mm"], source.shape[-1])
    return _checked("unlabeled", source, fingerprints, rows.assign(**sizes), indices[0])


def series_table(tables: Sequence[Path]) -> pd.DataFrame:
    """Return the accepted series of all batches, each once."""
    needed = ["series_uid", "status", "triplets", *_OF_SERIES]
    series = pd.concat([_table(path, needed) for path in tables], ignore_index=True)
    return series[series["status"] == "accepted"].drop_duplicates("series_uid")


def _table(path: Path, needed: Sequence[str]) -> pd.DataFrame:
    kinds = {name: str if name in _TEXT else float for name in needed}
    with parsing(path, "a table of prepared images", "prepare them anew"):
        return pd.read_csv(path, usecols=list(needed), dtype=kinds, keep_default_na=False)


def _pixel_mm(
    table: pd.DataFrame, row_mm: pd.Series, column_mm: pd.Series, side: int
) -> dict[str, pd.Series]:
    """Return the size of the image's pixels from that of the slice's."""
    top, bottom, left, right = (table[name] for name in _SIDES)
    return {
        "row_mm": (bottom - top) * row_mm / side,
        "column_mm": (right - left) * column_mm / side,
    }


def _checked(
    name: str,
    source: ShardReader | ConcatShards,
    fingerprints: Sequence[Path],
    rows: pd.DataFrame,
    index: Path,
) -> ImageSet:
    found = load_fingerprints(fingerprints)
    if not len(source) == len(rows) == len(found.values):
        raise InputError(
            f"{index} has {len(rows)} rows for {len(source)} images and {len(found.values)} "
            "fingerprints; prepare them anew."
        )
    return ImageSet(name, source, found.values, found.window_hu, rows)
