"""A batch of series becomes a shard, an index and a list of what was refused.

Every series of a batch is accounted for in exactly one row of `series.csv`: accepted, or refused
with its reason; and every file of an accepted series is a slice in a triplet, a slice left over, a
slice of an empty triplet, or left out for a counted cause.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from maknet.data.arrays import save_arrays
from maknet.data.ct.geometry import GeometryRules
from maknet.data.ct.preprocess import INDEX_COLUMNS, ImageSettings, Triplets, prepare_volume
from maknet.data.ct.quality import ScreeningRules, check_quality
from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import read_series
from maknet.data.ct.thumbnail import thumbnail
from maknet.data.shards.shard import write_shard
from maknet.files import atomic_path, read_rows, write_rows
from maknet.progress import tracked

SERIES_COLUMNS = (
    "batch", "folder", "series_uid", "status", "reason", "detail", "files", "slices", "left_out",
    "triplets", "left_over", "empty_triplets",
)  # fmt: skip


@dataclass(frozen=True)
class SeriesRules:
    """Everything that decides whether a series is used."""

    geometry: GeometryRules
    screening: ScreeningRules

    @classmethod
    def from_config(cls, section: Mapping[str, Any], image: ImageSettings) -> "SeriesRules":
        """Read the config section `series`; the body threshold is that of the crop."""
        geometry = GeometryRules(section["min_normal_z"], section["max_gap_ratio"])
        limits = {k: v for k, v in section.items() if k not in ("min_normal_z", "max_gap_ratio")}
        return cls(geometry, ScreeningRules(**limits, body_threshold_hu=image.body_threshold_hu))


def prepare_batch(
    batch: str,
    folders: Sequence[Path],
    image: ImageSettings,
    rules: SeriesRules,
    shard: str | Path,
    index: str | Path,
    series: str | Path,
    thumbnails: str | Path,
) -> None:
    """Read, screen and prepare the series in `folders`, one folder each.

    Args:
        batch: Name of the batch, for the table.
        folders: One folder a series, in the order of the shard.
        image: How HU become images.
        rules: Which series are used.
        shard: `.npy` to write, (N, 3, S, S) uint8.
        index: CSV to write, one row an image.
        series: CSV to write, one row a series.
        thumbnails: `.npz` to write, a small picture of each series, in the order of `series`.
    """
    parts = [np.empty((0, 3, image.size, image.size), np.uint8)]
    rows: list[dict[str, Any]] = []
    tables = []
    for folder in tracked(folders, batch, "series"):
        row, triplets = _prepare_series(folder, image, rules)
        rows.append({"batch": batch, **row})
        if triplets is not None:
            parts.append(triplets.images)
            tables.append(triplets.index)
    write_shard(shard, parts)
    write_rows(series, SERIES_COLUMNS, rows)
    pictures = [thumbnail(folder) for folder in folders]
    save_arrays(thumbnails, thumbnails=np.stack(pictures) if pictures else np.empty((0, 0, 0)))
    with atomic_path(index) as temporary, temporary.open("w", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerow(INDEX_COLUMNS)
        for table in tables:
            table.to_csv(handle, header=False, index=False, lineterminator="\n")


def _prepare_series(
    folder: Path, image: ImageSettings, rules: SeriesRules
) -> tuple[dict[str, Any], Triplets | None]:
    files = sum(1 for path in folder.iterdir() if path.is_file())
    row: dict[str, Any] = dict.fromkeys(SERIES_COLUMNS[1:], 0)
    row |= {"folder": folder.name, "series_uid": "", "reason": "", "detail": "", "files": files}
    try:
        volume = read_series(folder, rules.geometry)
        check_quality(volume, rules.screening)
    except SeriesError as error:
        row |= {"status": "refused", "reason": str(error.reason), "detail": error.detail}
        return row, None
    triplets = prepare_volume(volume, image)
    row |= {
        "status": "accepted",
        "series_uid": volume.series_uid,
        "slices": len(volume.hu),
        "left_out": sum(volume.left_out.values()),
        "triplets": len(triplets.images),
        "left_over": triplets.left_over,
        "empty_triplets": triplets.empty,
    }
    return row, triplets


def summarize_batches(
    tables: Iterable[str | Path], rejected: str | Path, funnel: str | Path
) -> None:
    """Join the batches' series tables: the refused series, and counts that add up.

    Args:
        tables: The `series` CSVs of all batches.
        rejected: CSV to write, one row a refused series.
        funnel: CSV to write: series and slices at each step, a row per reason of refusal.
    """
    rows = [row for table in tables for row in read_rows(table)]
    refused = [row for row in rows if row["status"] == "refused"]
    write_rows(rejected, SERIES_COLUMNS, refused)
    write_rows(funnel, ("step", "series", "files", "slices", "triplets"), _funnel(rows, refused))


def _funnel(
    rows: Sequence[dict[str, str]], refused: Sequence[dict[str, str]]
) -> list[dict[str, Any]]:
    accepted = [row for row in rows if row["status"] == "accepted"]
    steps = [("found", rows)]
    for reason in sorted({row["reason"] for row in refused}):
        steps.append((f"refused: {reason}", [r for r in refused if r["reason"] == reason]))
    steps.append(("accepted", accepted))
    return [{"step": step, "series": len(part), **_sums(part)} for step, part in steps]


def _sums(rows: Sequence[dict[str, str]]) -> dict[str, int]:
    return {name: sum(int(row[name]) for row in rows) for name in ("files", "slices", "triplets")}
