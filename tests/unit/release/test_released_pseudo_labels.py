"""Released pseudo-labels read back as they were, and belong to the images beside them."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.data.ct.preprocess import INDEX_COLUMNS
from maknet.data.labels.pseudo_labels import NONE, PseudoLabels, sparse_labels
from maknet.errors import InputError
from maknet.files import read_rows, write_rows
from maknet.provenance.records import Record
from maknet.release.pseudo_labels import (
    COLUMNS,
    PARQUET,
    ReleasedLabels,
    trained_on,
    write_pseudo_labels,
)

SOURCES = [
    {
        "name": "DeepLesion", "used_as": "labeled images", "series": "", "license": "none known",
        "license_url": "https://example.org/terms", "doi": "10.1/lesions", "citation": "Yan 2018",
    },
    {
        "name": "lung | CT", "used_as": "unlabeled images", "series": "12", "license": "CC BY 4.0",
        "license_url": "https://creativecommons.org/licenses/by/4.0/", "doi": "10.1/lung",
        "citation": "Doe 2020",
    },
    {
        "name": "The archive", "used_as": "archive", "series": "", "license": "by collection",
        "license_url": "", "doi": "", "citation": "Clark 2013",
    },
]  # fmt: skip


def some_facts(dataset: str = "deeplesion", number: int = 2) -> ReleasedLabels:
    return ReleasedLabels(
        dataset, f"results/pseudo/round{number}.npz", number, "student1", "MAKNet",
        trained_on(SOURCES, number), 15, 0.5, "c0ffee", "2026-01-02T03:04:05+00:00", "ab" * 32,
    )  # fmt: skip


def some_labels(counts: Sequence[int], seed: int = 0, names: int = 5) -> PseudoLabels:
    generator = np.random.default_rng(seed)
    scores = generator.random((sum(counts), names)).astype(np.float32)
    label, score = sparse_labels(scores, scores > 0.5, 3)
    return PseudoLabels(
        tuple(f"löslich {i}" for i in range(names)),
        tuple(f"batch{i:04}" for i in range(len(counts))), np.array(counts, np.int64),
        label, score, generator.integers(0, 256, sum(counts)).astype(np.uint8),
        np.zeros(sum(counts), bool),
    )  # fmt: skip


def write_indices(folder: Path, counts: Sequence[int]) -> list[Path]:
    """Write one index a batch; each batch has a series of its own."""
    paths = []
    for batch, count in enumerate(counts):
        paths.append(folder / f"batch{batch:04}.csv")
        rows = [
            dict.fromkeys(INDEX_COLUMNS, 0) | {
                "series_uid": f"1.2.{batch}", "triplet": image, "position_mm": -2.125 * image,
                **{f"sop_uid_{i}": f"1.2.{batch}.{3 * image + i}" for i in (1, 2, 3)},
            } for image in range(count)
        ]  # fmt: skip
        write_rows(paths[-1], list(rows[0]) if rows else INDEX_COLUMNS, rows)
    return paths


@given(st.lists(st.integers(0, 4), max_size=3), st.integers(0, 10**6), st.integers(1, 6))
def test_values_read_back_equal_the_input(counts: list[int], seed: int, names: int) -> None:
    labels = some_labels(counts, seed, names)
    with TemporaryDirectory() as folder:
        indices = write_indices(Path(folder), counts)
        path = Path(folder) / PARQUET
        series = write_pseudo_labels(path, labels, indices, some_facts())
        rows = pq.ParquetFile(path).read().to_pylist()
        listed = [(index.stem, row) for index in indices for row in read_rows(index)]
    assert series == sum(count > 0 for count in counts)
    assert len(rows) == len(listed) == len(labels)
    for i, (row, (batch, image)) in enumerate(zip(rows, listed, strict=True)):
        kept = labels.label[i] != NONE
        assert list(row) == [column.name for column in COLUMNS]
        assert (row["round"], row["batch"], row["removed"]) == (2, batch, labels.removed[i])
        assert row["labels"] == [labels.names[number] for number in labels.label[i][kept]]
        assert row["scores"] == labels.score[i][kept].tolist()
        assert row["scores"] == sorted(row["scores"], reverse=True)
        assert {name: str(row[name]) for name in ("series_uid", "triplet", "sop_uid_1",
                "sop_uid_2", "sop_uid_3")}.items() <= image.items()  # fmt: skip
        assert row["position_mm"] == float(image["position_mm"])


def test_the_same_labels_are_the_same_bytes_one_row_group_a_batch(tmp_path: Path) -> None:
    counts = [40, 0, 7]
    indices = write_indices(tmp_path, counts)
    for name in ("a", "b"):
        write_pseudo_labels(tmp_path / name, some_labels(counts), indices, some_facts())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    found = pq.ParquetFile(tmp_path / "a").metadata
    assert [found.row_group(i).num_rows for i in range(found.num_row_groups)] == [40, 7]


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    facts = some_facts("phantom")
    write_pseudo_labels(tmp_path / PARQUET, some_labels([2]), write_indices(tmp_path, [2]), facts)
    said = pq.read_schema(tmp_path / PARQUET).metadata
    assert said[b"dataset"] == b"phantom"
    assert said[b"run"] == b"student1"
    assert said[b"round"] == b"2"
    assert said[b"root"] == b"ab" * 32
    assert said[b"trained_on"].decode() == facts.trained_on


def test_a_batch_of_other_length_is_refused_by_name(tmp_path: Path) -> None:
    indices = write_indices(tmp_path, [3, 2])
    with pytest.raises(InputError, match=r"batch0001\.csv lists 2 images, but 4 of its batch"):
        write_pseudo_labels(tmp_path / PARQUET, some_labels([3, 4]), indices, some_facts())
    assert not (tmp_path / PARQUET).exists()


@pytest.mark.parametrize("order", [[1, 0], [0], [0, 1, 1]])
def test_other_batches_are_refused_by_name(tmp_path: Path, order: list[int]) -> None:
    indices = [write_indices(tmp_path, [2, 2])[i] for i in order]
    with pytest.raises(InputError, match="batch000"):
        write_pseudo_labels(tmp_path / PARQUET, some_labels([2, 2]), indices, some_facts())


def test_an_index_from_before_the_uids_is_refused(tmp_path: Path) -> None:
    (index,) = write_indices(tmp_path, [1])
    rows = [{"series_uid": "1.2", "triplet": 0, "position_mm": 1}]
    write_rows(index, list(rows[0]), rows)
    with pytest.raises(InputError, match=r"batch0000\.csv has no column 'sop_uid_1'"):
        write_pseudo_labels(tmp_path / PARQUET, some_labels([1]), [index], some_facts())


def test_a_damaged_index_is_refused(tmp_path: Path) -> None:
    (index,) = write_indices(tmp_path, [1])
    index.write_text(index.read_text().replace("-0.0", "here"))
    with pytest.raises(InputError, match=r"batch0000\.csv is not an index"):
        write_pseudo_labels(tmp_path / PARQUET, some_labels([1]), [index], some_facts())


def test_a_student_learned_from_the_round_before() -> None:
    assert trained_on(SOURCES, 1) == "DeepLesion (labeled images)"
    assert trained_on(SOURCES, 3).endswith("; pseudo-labels of round 2 on the same images")


def test_facts_come_from_the_record() -> None:
    record = Record(
        "pseudo_label", {"round": "2"}, {"pseudo_labels": {"top": 7, "threshold": 0.25}}, {}, {},
        "", "", {}, "", {"commit": None}, {}, {}, [], {}, "2026-01-01", "2026-01-02", 0,
    )  # fmt: skip
    facts = ReleasedLabels.from_record(
        record, "a.npz", "ff", "sample", "student1", {"title": "MAKNet"}, SOURCES
    )
    assert (facts.top, facts.threshold, facts.round, facts.made) == (7, 0.25, 2, "2026-01-02")
    assert (facts.commit, facts.root, facts.network) == ("unknown", "ff", "MAKNet")
