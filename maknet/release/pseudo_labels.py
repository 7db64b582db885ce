"""The pseudo-labels of one round as a Parquet file: one row an image, with the UIDs of its slices.

The pixels stay with their archives: whoever has the slices finds the row of each by its UID. N
images of a batch, K the largest number of labels per image.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from maknet.data.labels.pseudo_labels import NONE, PseudoLabels
from maknet.errors import InputError
from maknet.files import atomic_path, parsing, read_rows
from maknet.provenance.records import Record

PARQUET = "pseudo_labels.parquet"
_FROM_INDEX = ("series_uid", "triplet", "sop_uid_1", "sop_uid_2", "sop_uid_3", "position_mm")


class Column(NamedTuple):
    """A column of the file.

    Attributes:
        name: Its name.
        kind: Its type in Arrow.
        meaning: What stands there, as a sentence.
    """

    name: str
    kind: pa.DataType
    meaning: str


COLUMNS = (
    Column("round", pa.int32(), "Round of the noisy student whose labels these are."),
    Column("batch", pa.string(), "Batch of series that the image was prepared in."),
    Column("series_uid", pa.string(), "SeriesInstanceUID of the CT series."),
    Column("triplet", pa.int32(), "Number of the image in its series, 0 at the cranial end."),
    Column("sop_uid_1", pa.string(), "SOPInstanceUID of the most cranial of the three slices."),
    Column("sop_uid_2", pa.string(), "SOPInstanceUID of the middle slice."),
    Column("sop_uid_3", pa.string(), "SOPInstanceUID of the most caudal of the three slices."),
    Column("position_mm", pa.float64(), "Position of the middle slice along the slices' normal."),
    Column("labels", pa.list_(pa.string()), "Labels that the network gave, by falling score."),
    Column("scores", pa.list_(pa.float32()), "Their scores, in the same order; not calibrated."),
    Column("removed", pa.int32(), "Candidates dropped because they exclude a label above them."),
    Column("excluded", pa.bool_(), "Whether the image is left out of all trainings, unlabeled."),
)
SCHEMA = pa.schema([(column.name, column.kind) for column in COLUMNS])


@dataclass(frozen=True)
class ReleasedLabels:
    """What is said of the pseudo-labels of one round as a whole.

    Attributes:
        dataset: Configured name of the data: `deeplesion`, `phantom` or `sample`.
        path: Path of the `.npz` that they come from, as records name it.
        round: Round of the noisy student; the teacher labels round 1.
        run: Name of the run whose network gave the labels.
        network: Title of the network.
        trained_on: What the network learned from.
        top: Largest number of candidates per image.
        threshold: Score that a candidate must exceed.
        commit: Commit of the workflow that gave the labels.
        made: When they were given, UTC, ISO 8601.
        root: Root of `path`, which commits to all that they came from.
    """

    dataset: str
    path: str
    round: int
    run: str
    network: str
    trained_on: str
    top: int
    threshold: float
    commit: str
    made: str
    root: str

    @classmethod
    def from_record(
        cls, record: Record, path: str, root: str, dataset: str, run: str,
        network: Mapping[str, Any], sources: Sequence[Mapping[str, str]],
    ) -> "ReleasedLabels":  # fmt: skip
        """Gather the facts from the record of the job that gave the labels.

        Args:
            record: That record.
            path: The `.npz`, as the record names it.
            root: Its root.
            dataset: Configured name of the data.
            run: Name of the run whose network gave the labels.
            network: `network.json` of that run.
            sources: Rows of `data_and_licenses.csv`.
        """
        number, rule = int(record.wildcards["round"]), record.params["pseudo_labels"]
        return cls(
            dataset, path, number, run, network["title"], trained_on(sources, number), rule["top"],
            rule["threshold"], record.environment["commit"] or "unknown", record.ended, root,
        )  # fmt: skip

    def metadata(self) -> dict[str, str]:
        """Return the facts by name, as text."""
        return {name: str(value) for name, value in asdict(self).items()}


def trained_on(sources: Sequence[Mapping[str, str]], number: int) -> str:
    """Return what the network that labels a round learned from.

    Args:
        sources: Rows of `data_and_licenses.csv`.
        number: The round.
    """
    labeled = [
        f"{row['name']} ({row['used_as']})" for row in sources if row["used_as"].startswith("label")
    ]
    before = [f"pseudo-labels of round {number - 1} on the same images"] if number > 1 else []
    return "; ".join([*labeled, *before])


def write_pseudo_labels(
    path: Path, labels: PseudoLabels, indices: Sequence[Path], facts: ReleasedLabels
) -> int:
    """Write the Parquet file; each batch is a row group, and one is in memory at a time.

    Args:
        path: File to write.
        labels: The pseudo-labels.
        indices: Index of each batch, `INDEX_COLUMNS` of `maknet.data.ct.preprocess`, in the order
            of the batches of `labels`.
        facts: What is said of the labels; stands in the file's metadata.

    Returns:
        Number of series.

    Raises:
        InputError: An index is not that of a batch that was labeled.
    """
    _check_batches(labels, indices)
    names = {"label_names": json.dumps(labels.names, ensure_ascii=False)}
    schema = SCHEMA.with_metadata(facts.metadata() | names)
    series: set[str] = set()
    first = 0
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(str(temporary), schema, compression="zstd") as writer,
    ):
        for index, count in zip(indices, labels.counts.tolist(), strict=True):
            rows = _index_rows(index, count)
            series.update(row["series_uid"] for row in rows)
            if rows:
                part = slice(first, first + count)
                with parsing(index, "an index of prepared images", "prepare the series anew"):
                    columns = _columns(labels, part, rows, facts.round, index.stem)
                writer.write_batch(pa.record_batch(columns, schema=schema))
            first += count
    return len(series)


def _check_batches(labels: PseudoLabels, indices: Sequence[Path]) -> None:
    """Compare the indices with the batches that were labeled, by name and order."""
    for index, batch in zip_longest(indices, labels.batches):
        if index is None:
            raise InputError(f"{batch} was labeled, and no index of it is there; prepare it anew.")
        if index.stem != batch:
            raise InputError(
                f"{index} is not the index of {batch or 'a batch'} that was labeled; label the "
                "images anew."
            )


def _index_rows(path: Path, count: int) -> list[dict[str, str]]:
    """Return the rows of the index of a batch of which `count` images were labeled."""
    rows = read_rows(path)
    if len(rows) != count:
        raise InputError(
            f"{path} lists {len(rows)} images, but {count} of its batch were labeled; label the "
            "images anew."
        )
    missing = [name for name in _FROM_INDEX if rows and name not in rows[0]]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; prepare the series anew.")
    return rows


def _columns(
    labels: PseudoLabels, part: slice, rows: Sequence[Mapping[str, str]], number: int, batch: str
) -> list[pa.Array]:
    """Return the columns of a batch in the order of `COLUMNS`.

    Args:
        labels: The pseudo-labels of all batches.
        part: Images of the batch in `labels`.
        rows: Index of the batch, (N,).
        number: The round.
        batch: Name of the batch.
    """
    label, score = labels.label[part], labels.score[part]
    kept = label != NONE
    names = pa.array(labels.names, pa.string())
    found: dict[str, Any] = {name: [row[name] for row in rows] for name in _FROM_INDEX}
    found |= {
        "round": [number] * len(rows),
        "batch": [batch] * len(rows),
        "triplet": [int(text) for text in found["triplet"]],
        "position_mm": [float(text) for text in found["position_mm"]],
        "labels": _lists(kept, names.take(pa.array(label[kept]))),
        "scores": _lists(kept, pa.array(score[kept])),
        "removed": labels.removed[part],
        "excluded": labels.excluded[part],
    }
    arrays = (found[column.name] for column in COLUMNS)
    return [
        array if isinstance(array, pa.Array) else pa.array(array, column.kind)
        for array, column in zip(arrays, COLUMNS, strict=True)
    ]


def _lists(kept: NDArray[np.bool_], values: pa.Array) -> pa.Array:
    """Return one list an image.

    Args:
        kept: Which places of an image hold a value, (N, K).
        values: All values, image after image.
    """
    ends = np.cumsum(kept.sum(1), dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(np.append(np.int32(0), ends), pa.int32()), values)
