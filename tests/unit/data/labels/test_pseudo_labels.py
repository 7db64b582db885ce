"""Pseudo-labels on disk are what the rule kept, and their summary counts them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.data.arrays import save_arrays
from maknet.data.labels.pseudo_labels import (
    NONE,
    PseudoLabels,
    load_pseudo_labels,
    save_pseudo_labels,
    shuffled_labels,
    sparse_labels,
)
from maknet.data.labels.pseudo_summary import count_by_label, summarize_rounds
from maknet.errors import InputError


def of(kept: np.ndarray, removed: int = 0) -> PseudoLabels:
    label, score = sparse_labels(np.where(kept, 0.75, 0.1), kept, kept.shape[1])
    names = tuple(f"label {i}" for i in range(kept.shape[1]))
    counts = np.array([len(kept)], np.int64)
    dropped, excluded = np.full(len(kept), removed, np.uint8), np.zeros(len(kept), bool)
    return PseudoLabels(names, ("0000",), counts, label, score, dropped, excluded)


@given(st.integers(0, 10**6), st.integers(1, 8), st.integers(1, 12))
def test_sparse_and_dense_are_the_same(seed: int, images: int, labels: int) -> None:
    generator = np.random.default_rng(seed)
    kept = generator.random((images, labels)) < 0.3
    scores = generator.random((images, labels)).astype(np.float32)
    label, score = sparse_labels(scores, kept, labels)
    again = PseudoLabels(tuple("abcdefghijkl"[:labels]), ("b",), np.array([images]), label, score,
                         np.zeros(images, np.uint8), np.zeros(images, bool))  # fmt: skip
    rows = generator.permutation(images)
    assert np.array_equal(again.positive(rows), kept[rows])
    assert np.array_equal(again.labels_per_image(), kept.sum(1))
    assert np.array_equal(again.label_counts(), kept.sum(0))
    assert (np.diff(score, axis=1) <= 0).all()  # the likeliest label first
    assert (score[label == NONE] == 0).all()


@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 12))
def test_shuffled_labels_keep_every_count(seed: int, images: int, labels: int) -> None:
    before = of(np.random.default_rng(seed).random((images, labels)) < 0.3)
    after = shuffled_labels(before, seed)
    assert np.array_equal(after.label_counts(), before.label_counts())
    assert sorted(after.labels_per_image()) == sorted(before.labels_per_image())
    assert sorted(map(tuple, after.label)) == sorted(map(tuple, before.label))
    assert np.array_equal(after.label, shuffled_labels(before, seed).label)
    after.check_images(before.batches, before.counts)


def test_a_file_holds_all_of_it(tmp_path: Path) -> None:
    labels = of(np.array([[True, False], [False, False]]), removed=3)
    save_pseudo_labels(tmp_path / "p.npz", labels)
    again = load_pseudo_labels(tmp_path / "p.npz")
    assert again.names == labels.names
    assert again.batches == ("0000",)
    for name in ("counts", "label", "score", "removed"):
        assert np.array_equal(getattr(again, name), getattr(labels, name))
    save_arrays(tmp_path / "other.npz", a=np.zeros(1))
    with pytest.raises(InputError, match="is not a file of pseudo-labels"):
        load_pseudo_labels(tmp_path / "other.npz")


def test_labels_of_other_images_are_refused() -> None:
    labels = of(np.ones((3, 2), bool))
    labels.check_images(["0000"], np.array([3]))
    with pytest.raises(InputError, match="label the images anew"):
        labels.check_images(["0001"], np.array([3]))
    with pytest.raises(InputError, match="not to these 4 of 1"):
        labels.check_images(["0000"], np.array([4]))


def test_the_summary_counts_labels_and_changes() -> None:
    first = of(np.array([[1, 1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 0]], bool), removed=2)
    second = of(np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]], bool))
    table = summarize_rounds([first, second], ["maknet", "student1"])
    assert table["without_label"].tolist() == [1, 0]
    assert table["labels_per_image"].tolist() == [1.0, 1.0]
    assert table["removed_as_exclusive"].tolist() == [8, 0]
    assert np.isnan(table["changed_images"][0])
    assert table["changed_images"][1] == 0.5
    assert table["changed_labels"][1] == 2 / 5  # one lost, one won, of five
    assert count_by_label([first, second], np.full(3, 0.5))["round2"].tolist() == [2, 1, 1]


def test_left_out_images_have_no_part_in_anything() -> None:
    kept = np.random.default_rng(2).random((40, 6)) < 0.4
    excluded = np.arange(40) % 3 == 0
    labels = replace(of(kept & ~excluded[:, None]), excluded=excluded)
    dealt = shuffled_labels(labels, 1)
    assert not dealt.labels_per_image()[excluded].any()
    assert np.array_equal(dealt.label_counts(), labels.label_counts())
    summary = summarize_rounds([labels], ["maknet"]).iloc[0]
    assert (summary["images"], summary["excluded"]) == (26, 14)
