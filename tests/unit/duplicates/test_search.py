"""The search is exact: it equals comparing and sorting all pairs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maknet.duplicates import search
from maknet.duplicates.metric import fit_metric
from maknet.duplicates.search import nearest


def vectors(seed: int, count: int) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 90), st.integers(1, 5))
def test_it_finds_the_nearest_of_other_groups(
    seed: int, queries: int, count: int, wanted: int
) -> None:
    asked, known = vectors(seed, queries), vectors(seed + 1, count)
    draw = np.random.default_rng(seed)
    own, groups = draw.integers(0, 4, queries), draw.integers(0, 4, count)
    found = nearest(asked, known, wanted, own, groups)
    similarity = np.where(own[:, None] == groups, -np.inf, asked @ known.T)
    for query in range(queries):
        best = np.argsort(-similarity[query], kind="stable")
        best = best[np.isfinite(similarity[query][best])][:wanted]
        assert found.row[found.query == query].tolist() == best.tolist()


def test_many_pairs_are_forgotten_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_PENDING", 50)
    monkeypatch.setattr(search, "_ROWS", 16)
    asked, known = vectors(1, 300), vectors(2, 400)
    found = nearest(asked, known, 3)
    assert len(found.row) == 900
    expected = np.argsort(-(asked @ known.T), axis=1, kind="stable")[:, :3]
    assert np.array_equal(found.row.reshape(300, 3), expected)


@pytest.mark.parametrize("workers", [2, 3, 8])
def test_no_bit_depends_on_the_number_of_threads(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_COLUMNS", 16)
    asked, known = vectors(1, 300), vectors(2, 400)
    groups = np.arange(300) % 5, np.arange(400) % 5
    one, more = (nearest(asked, known, 3, *groups, workers=n) for n in (1, workers))
    for name in ("query", "row", "similarity"):
        assert np.array_equal(getattr(one, name), getattr(more, name)), name
    assert len(nearest(asked[:0], known, 3, workers=workers).query) == 0


def test_what_copies_differ_in_counts_little() -> None:
    draw = np.random.default_rng(0)
    slices = np.rint(draw.normal(0, 20, (500, 20))).astype(np.int8)
    change = np.zeros((500, 20))
    change[:, 3] = draw.normal(0, 40, 500)
    changed = np.clip(slices + change, -127, 127).astype(np.int8)
    metric = fit_metric(slices, slices[:200], changed[:200])
    one, other = metric(slices[200:]), metric(changed[200:])
    assert ((one * other).sum(1) > 0.9).mean() > 0.95
    plain = slices[200:] * changed[200:].astype(float)
    length = np.linalg.norm(slices[200:], axis=1) * np.linalg.norm(changed[200:], axis=1)
    assert (plain.sum(1) / length > 0.9).mean() < 0.8


def test_three_images_are_enough_to_learn_from() -> None:
    few = np.random.default_rng(1).integers(-100, 100, (3, 20)).astype(np.int8)
    assert np.isfinite(fit_metric(few, few, few)(few)).all()
