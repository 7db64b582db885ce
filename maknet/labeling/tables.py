"""The tables of labeled series. Every row says what the weights were trained on."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from maknet.files import atomic_path, write_rows
from maknet.labeling.body_parts import HeaderCheck
from maknet.labeling.extents import Extent
from maknet.labeling.inputs import Refused
from maknet.labeling.series_labels import SeriesScores
from maknet.release.pretrained import ReleasedNetwork

SERIES_COLUMNS = (
    "series_uid", "slices", "step_mm", "left_out", "unreadable", "report", "body_part_examined",
    "header_agrees", "disagreement", "label", "from_mm", "to_mm", "extent_mm", "first_slice",
    "last_slice", "slices_with_label", "pieces", "cut_at", "probability", "trained_on",
)  # fmt: skip
REFUSED_COLUMNS = ("name", "files", "reason", "detail", "trained_on")
_PREFIX = "p:"  # of a column of probabilities


class SliceTables:
    """`slices.parquet` and `slices.csv`, written series by series: a row a slice.

    Columns: series_uid, sop_uid, slice (0 is the most cranial), position_mm (rising towards the
    head), has_body, labels, `p:` and the name of each label, trained_on.
    """

    def __init__(self, parquet: pq.ParquetWriter, lines: Any, schema: pa.Schema) -> None:  # noqa: ANN401 - csv's
        self._parquet, self._csv, self._schema = parquet, lines, schema
        lines.writerow(schema.names)

    def add(self, scores: SeriesScores, held: NDArray[np.bool_], released: ReleasedNetwork) -> None:
        """Add the slices of a series with the labels that hold, (Z, L)."""
        count = len(held)
        labels = [[released.names[i] for i in np.flatnonzero(row)] for row in held]
        with_body = ~np.isnan(scores.probabilities[:, 0])
        columns: list[list[Any]] = [
            [scores.uid] * count, scores.sop_uids, list(range(count)),
            [round(float(mm), 3) for mm in scores.positions_mm], with_body.tolist(), labels,
            *([p if there else None for p, there in zip(column.tolist(), with_body, strict=True)]
              for column in scores.probabilities.T),
            [released.trained_on] * count,
        ]  # fmt: skip
        arrays = [pa.array(c, f.type) for c, f in zip(columns, self._schema, strict=True)]
        self._parquet.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        columns[3] = [f"{mm:.3f}" for mm in columns[3]]
        for row in zip(*columns, strict=True):
            self._csv.writerow(map(_cell, row))


def _cell(value: object) -> object:
    if isinstance(value, list):
        return "|".join(value)
    if isinstance(value, float):  # of a probability, float32
        return f"{value:.6g}"
    return value


@contextmanager
def slice_tables(folder: Path, released: ReleasedNetwork) -> Iterator[SliceTables]:
    """Open both tables; they appear together when the block succeeds."""
    schema = pa.schema(
        [
            ("series_uid", pa.string()), ("sop_uid", pa.string()), ("slice", pa.int32()),
            ("position_mm", pa.float64()), ("has_body", pa.bool_()),
            ("labels", pa.list_(pa.string())),
            *((_PREFIX + name, pa.float32()) for name in released.names),
            ("trained_on", pa.string()),
        ],
        metadata={"trained_on": released.trained_on, "weights_root": released.root},
    )  # fmt: skip
    with ExitStack() as stack:
        parquet = stack.enter_context(atomic_path(folder / "slices.parquet"))
        table = stack.enter_context(atomic_path(folder / "slices.csv"))
        handle = stack.enter_context(table.open("w", newline="", encoding="utf-8"))
        writer = stack.enter_context(pq.ParquetWriter(parquet, schema))
        yield SliceTables(writer, csv.writer(handle, lineterminator="\n"), schema)


def series_rows(
    scores: SeriesScores,
    extents: Sequence[Extent],
    check: HeaderCheck,
    left_out: Mapping[str, int],
    report: str,
    trained_on: str,
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a series: one a label, one without a label where there is none.

    Args:
        scores: The series.
        extents: Its labels.
        check: What its header says.
        left_out: Files beside it that are no slices of it, counted by kind.
        report: Whether a DICOM report was written, or why not; empty where none was asked for.
        trained_on: What the weights were trained on.
    """
    shared = {
        "series_uid": scores.uid, "slices": len(scores.slices),
        "step_mm": round(scores.spacing_mm[0], 3), "left_out": sum(left_out.values()),
        "unreadable": left_out.get("unreadable", 0), "report": report,
        "body_part_examined": check.said, "header_agrees": check.agrees,
        "disagreement": check.disagreement, "trained_on": trained_on,
    }  # fmt: skip
    if not extents:
        yield shared
    for extent in extents:
        yield shared | {
            "label": extent.label, "from_mm": round(extent.from_mm, 2),
            "to_mm": round(extent.to_mm, 2), "extent_mm": round(extent.extent_mm, 2),
            "first_slice": extent.first, "last_slice": extent.last,
            "slices_with_label": extent.slices, "pieces": extent.pieces,
            "cut_at": " and ".join(extent.cut_at), "probability": round(extent.probability, 4),
        }  # fmt: skip


def write_series(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write `series.csv`."""
    write_rows(folder / "series.csv", SERIES_COLUMNS, rows)


def write_refused(folder: Path, refused: Sequence[Refused], trained_on: str) -> None:
    """Write `rejected.csv`."""
    rows = (
        {"name": r.name, "files": r.files, "reason": str(r.reason), "detail": r.detail,
         "trained_on": trained_on}
        for r in refused
    )  # fmt: skip
    write_rows(folder / "rejected.csv", REFUSED_COLUMNS, rows)
