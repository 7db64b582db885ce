"""What a step holds follows from the seed, the epoch and the step alone."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from maknet.errors import InputError
from maknet.training.classifier.batches import Batch, BatchLoader, Stream
from maknet.training.classifier.streams import label_counts, labeled_stream, pseudo_labeled_stream
from tests.unit.training.toy import CPU, NOISE, labeled, unlabeled


def copied(batch: Batch) -> Batch:
    return Batch(batch.images.clone(), batch.positive, batch.known, batch.params, batch.sizes)


def steps(loader: BatchLoader, epoch: int, first: int = 0, threads: int = 1) -> list[Batch]:
    return [copied(batch) for batch in loader.batches(epoch, first, CPU, threads)]


def student(folder: Path) -> BatchLoader:
    pool, labels = unlabeled(folder, (13, 0, 20))
    streams = [
        labeled_stream(labeled(folder, "train", 30), 8),
        pseudo_labeled_stream(pool, labels, "keep", 12),
    ]
    return BatchLoader(streams, 3, NOISE)


def test_a_student_sees_both_halves(tmp_path: Path) -> None:
    loader = student(tmp_path)
    batches = steps(loader, 0)
    assert [batch.sizes for batch in batches] == [(8, 12), (8, 12), (8, 12), (6, 12)]
    assert loader.steps_per_epoch == 4
    assert loader.batch_size == 20
    for batch in batches:
        assert batch.images.shape == (sum(batch.sizes), 3, 32, 32)
        assert batch.params is not None
        assert batch.params.shape == (sum(batch.sizes), 7)
        # The labels are those of the images: the top half is bright where the first label is on.
        top, bottom = (batch.images[:, 0, rows, 16:].float().mean((1, 2))
                       for rows in (slice(0, 16), slice(16, 32)))  # fmt: skip
        assert torch.equal(top > bottom + 60, batch.positive[:, 0] > 0)


def test_a_training_can_start_at_any_step_with_any_readers(tmp_path: Path) -> None:
    loader = student(tmp_path)
    for epoch in (0, 5):
        whole = steps(loader, epoch)
        for first in range(len(whole) + 1):
            rest = steps(student(tmp_path), epoch, first, threads=1 + first)
            assert len(rest) == len(whole) - first
            for mine, theirs in zip(rest, whole[first:], strict=True):
                assert torch.equal(mine.images, theirs.images)
                assert torch.equal(mine.positive, theirs.positive)
                assert torch.equal(mine.params, theirs.params)  # type: ignore[arg-type]


def numbered(count: int, name: str, size: int) -> Stream:
    class Source:
        shape = (count, 3, 4, 4)
        dtype = np.dtype("uint8")

        def read(self, rows: np.ndarray, out: np.ndarray) -> None:
            out[:] = np.asarray(rows)[:, None, None, None]

    def targets(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((len(rows), 1), bool), np.ones((len(rows), 1), bool)

    return Stream(name, Source(), np.arange(count), targets, size)


def test_every_stream_is_seen_evenly() -> None:
    loader = BatchLoader([numbered(10, "a", 4), numbered(7, "b", 5)], 1)
    seen: list[Counter[int]] = [Counter(), Counter()]
    for epoch in range(14):  # 42 steps: 14 passes over the first, 30 over the second
        for batch in steps(loader, epoch):
            values = batch.images[:, 0, 0, 0].tolist()
            seen[0].update(values[: batch.sizes[0]])
            seen[1].update(values[batch.sizes[0] :])
    assert set(seen[0].values()) == {14}
    assert set(seen[1].values()) == {30}


def test_the_papers_student_takes_27700_steps_and_three_and_a_half_passes() -> None:
    loader = BatchLoader([numbered(17_697, "labeled", 64), numbered(504_779, "unlabeled", 64)], 1)
    assert loader.steps_per_epoch * 100 == 27_700
    assert pytest.approx(3.51, abs=0.01) == 27_700 * 64 / 504_779


@pytest.mark.parametrize(
    ("count", "size", "expected"), [(9, 4, 2), (8, 4, 2), (10, 4, 3), (1, 4, 1)]
)
def test_a_single_image_left_over_is_no_batch(count: int, size: int, expected: int) -> None:
    assert BatchLoader([numbered(count, "a", size)], 1).steps_per_epoch == expected


def test_images_without_a_label_are_dropped_or_kept(tmp_path: Path) -> None:
    pool, labels = unlabeled(tmp_path, (13, 0, 20))
    without = int((labels.labels_per_image() == 0).sum())
    assert without
    assert len(pseudo_labeled_stream(pool, labels, "keep", 4).rows) == 33
    assert len(pseudo_labeled_stream(pool, labels, "drop", 4).rows) == 33 - without
    labels.label[:] = -1
    with pytest.raises(InputError, match="No unlabeled image got a pseudo-label"):
        pseudo_labeled_stream(pool, labels, "drop", 4)


def test_the_balance_may_count_pseudo_labels(tmp_path: Path) -> None:
    training = labeled(tmp_path, "train", 30)
    _, labels = unlabeled(tmp_path, (13, 0, 20))
    known, positive = label_counts(training)
    assert known.tolist() == [30, 30]
    assert positive.tolist() == training.labels.positive.sum(0).tolist()
    more_known, more_positive = label_counts(training, labels)
    assert (more_known - known).tolist() == [int((labels.labels_per_image() > 0).sum())] * 2
    assert (more_positive - positive).tolist() == labels.label_counts().tolist()
    all_known, _ = label_counts(training, labels, "keep")
    assert (all_known - known).tolist() == [33, 33]  # images without a label are negative for all
