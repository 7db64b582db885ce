"""A batch of series becomes a shard, an index and a list of what was refused.

Every series of a batch is accounted for in exactly one row of `series.csv`: accepted, or refused
with its reason; and every file of an accepted series is a slice in a triplet, a slice left over, a
slice of an empty triplet, or left out for a counted cause.
"""

import csv
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.arrays import save_arrays
from maknet.data.ct.geometry import GeometryRules
from maknet.data.ct.preprocess import INDEX_COLUMNS, ImageSettings, Triplets, prepare_volume
from maknet.data.ct.quality import ScreeningRules, check_quality
from maknet.data.ct.reasons import Reason, SeriesError, printable
from maknet.data.ct.series import Scan, Volume, read_series
from maknet.data.ct.thumbnail import SIDE, thumbnail
from maknet.data.shards.shard import write_shard
from maknet.duplicates.fingerprint import image_fingerprints, save_fingerprints
from maknet.errors import InputError
from maknet.files import atomic_path, read_rows, write_rows
from maknet.progress import tracked

logger = logging.getLogger("maknet")
SERIES_COLUMNS = (
    "batch", "folder", "series_uid", "status", "reason", "detail", "files", "slices", "left_out",
    "triplets", "left_over", "empty_triplets", "study_uid", "frame_uid", "acquisition",
)  # fmt: skip


@dataclass(frozen=True)
class SeriesRules:
    """Everything that decides whether a series is used.

    Attributes:
        geometry: Limits on the stack of slices.
        screening: Limits on what the volume shows.
        max_internal_errors: Series of a batch that may end in an unexpected error.
    """

    geometry: GeometryRules
    screening: ScreeningRules
    max_internal_errors: int = 2

    @classmethod
    def from_config(cls, section: Mapping[str, Any], image: ImageSettings) -> "SeriesRules":
        """Read the config section `series`; the body threshold is that of the crop."""
        limits = dict(section)
        geometry = GeometryRules(limits.pop("min_normal_z"), limits.pop("max_gap_ratio"))
        max_internal_errors = limits.pop("max_internal_errors")
        screening = ScreeningRules(**limits, body_threshold_hu=image.body_threshold_hu)
        return cls(geometry, screening, max_internal_errors)


@dataclass(frozen=True)
class BatchFiles:
    """What is written for a batch.

    Attributes:
        shard: `.npy`, (N, 3, S, S) uint8.
        fingerprints: `.npz` of the fingerprints of the images' slices.
        index: CSV, one row an image.
        series: CSV, one row a series.
        thumbnails: `.npz`, a small picture of each series, in the order of `series`.
    """

    shard: str | Path
    fingerprints: str | Path
    index: str | Path
    series: str | Path
    thumbnails: str | Path


@dataclass(frozen=True)
class _Outcome:
    """What became of one series: its row of the table, its images if it is used, its picture."""

    row: dict[str, Any]
    triplets: Triplets | None
    picture: NDArray[np.uint8]
    errors: Sequence[str]


def prepare_batch(
    batch: str,
    folders: Sequence[Path],
    image: ImageSettings,
    rules: SeriesRules,
    files: BatchFiles,
) -> None:
    """Read, screen and prepare the series in `folders`, one folder each.

    One series does not affect the others: whatever goes wrong with it is the reason in its row, and
    an unexpected error is `internal_error`, with its traceback in the log.

    Args:
        batch: Name of the batch, for the table.
        folders: One folder a series, in the order of the shard.
        image: How HU become images.
        rules: Which series are used.
        files: What is written.

    Raises:
        InputError: More series than `rules.max_internal_errors` ended in an unexpected error.
    """
    outcomes: list[_Outcome] = []
    used: dict[str, str] = {}
    for folder in tracked(folders, batch, "series"):
        outcome = _prepare_series(folder, image, rules, used)
        outcomes.append(outcome)
        if outcome.triplets is not None:
            used[outcome.row["series_uid"]] = outcome.row["folder"]
    _require_few_errors(outcomes, rules.max_internal_errors)
    prepared = [outcome.triplets for outcome in outcomes if outcome.triplets is not None]
    parts = [np.empty((0, 3, image.size, image.size), np.uint8)]
    write_shard(files.shard, [*parts, *(triplets.images for triplets in prepared)])
    found = [image_fingerprints(triplets.images, image.window_hu) for triplets in prepared]
    save_fingerprints(files.fingerprints, found, image.window_hu)
    write_rows(
        files.series, SERIES_COLUMNS, [{"batch": batch, **outcome.row} for outcome in outcomes]
    )
    pictures = [outcome.picture for outcome in outcomes]
    save_arrays(
        files.thumbnails, thumbnails=np.stack(pictures) if pictures else np.empty((0, 0, 0))
    )
    with (
        atomic_path(files.index) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as handle,
    ):
        csv.writer(handle, lineterminator="\n").writerow(INDEX_COLUMNS)
        for triplets in prepared:
            triplets.index.to_csv(handle, header=False, index=False, lineterminator="\n")


def _require_few_errors(outcomes: Sequence[_Outcome], most: int) -> None:
    failed = [outcome for outcome in outcomes if outcome.errors]
    if len(failed) > most:
        raise InputError(
            f"{len(failed)} of {len(outcomes)} series ended in an unexpected error, more "
            f"than series.max_internal_errors = {most}; the first is that of "
            f"{failed[0].row['folder']} ({failed[0].errors[0]}); the log has their tracebacks."
        )


def _prepare_series(
    folder: Path, image: ImageSettings, rules: SeriesRules, used: Mapping[str, str]
) -> _Outcome:
    row: dict[str, Any] = dict.fromkeys(SERIES_COLUMNS[1:], 0)
    row |= {"folder": printable(folder.name), "series_uid": "", "reason": "", "detail": ""}
    row |= asdict(Scan())
    triplets, errors = None, []
    try:
        row["files"] = _count_files(folder)
        volume = read_series(folder, rules.geometry)
        if volume.series_uid in used:
            detail = f"{used[volume.series_uid]} holds the same series"
            raise SeriesError(Reason.REPEATED_SERIES, detail)
        check_quality(volume, rules.screening)
        triplets = prepare_volume(volume, image)
        row |= {"status": "accepted", **_counts(volume, triplets)}
    except SeriesError as error:
        row |= {"status": "refused", "reason": str(error.reason), "detail": error.detail}
    except Exception as error:  # one series takes no other along
        errors.append(_unexpected_error(folder, error))
        row |= {"status": "refused", "reason": str(Reason.INTERNAL_ERROR), "detail": errors[0]}
    try:
        picture = thumbnail(folder)
    except Exception as error:  # as above; a series without a picture is used all the same
        errors.append(_unexpected_error(folder, error))
        row["detail"] = row["detail"] or f"no picture: {errors[-1]}"
        picture = np.zeros((SIDE, SIDE), np.uint8)
    return _Outcome(row, triplets, picture, errors)


def _count_files(folder: Path) -> int:
    if not folder.is_dir():
        what = "a broken link" if folder.is_symlink() else "not a folder"
        raise SeriesError(Reason.UNREADABLE, f"{folder.name} is {what}")
    try:
        return sum(1 for path in folder.iterdir() if path.is_file())
    except PermissionError as error:
        raise SeriesError(Reason.UNREADABLE, f"{folder.name} may not be read") from error


def _counts(volume: Volume, triplets: Triplets) -> dict[str, Any]:
    return {
        "series_uid": volume.series_uid,
        "slices": len(volume.hu),
        "left_out": sum(volume.left_out.values()),
        "triplets": len(triplets.images),
        "left_over": triplets.left_over,
        "empty_triplets": triplets.empty,
        **asdict(volume.scan),
    }


def _unexpected_error(folder: Path, error: Exception) -> str:
    logger.error("%s: unexpected error", printable(str(folder)), exc_info=error)
    return printable(f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}")


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
    _warn_of_repeats(row for row in rows if row["status"] == "accepted")
    write_rows(rejected, SERIES_COLUMNS, refused)
    write_rows(funnel, ("step", "series", "files", "slices", "triplets"), _funnel(rows, refused))


def _warn_of_repeats(rows: Iterable[dict[str, str]]) -> None:
    """Name series that two batches hold: each batch knows its own alone, and both are used."""
    used: dict[str, dict[str, str]] = {}
    for row in rows:
        first = used.setdefault(row["series_uid"], row)
        if first is not row:
            logger.warning(
                "series %s is used twice, from %s of %s and from %s of %s; remove one of them",
                row["series_uid"], first["folder"], first["batch"], row["folder"], row["batch"],
            )  # fmt: skip


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
