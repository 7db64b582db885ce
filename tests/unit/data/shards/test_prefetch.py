"""Batches are the images that were asked for, in order, for any number of readers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maknet.data.shards.pool import ConcatShards
from maknet.data.shards.prefetch import Buffer, Part, epoch_order, prefetch, split_batches
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.errors import InputError

CPU = torch.device("cpu")


def images(count: int, side: int = 8) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 3, side, side)).astype(np.uint8)


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4))
def test_batches_cover_the_order(
    tmp_path_factory: pytest.TempPathFactory, count: int, size: int, threads: int
) -> None:
    path = tmp_path_factory.mktemp("shard") / "s.npy"
    expected = images(count)
    write_shard(path, expected)
    order = epoch_order(count, 1, 0)
    with ShardReader(path) as shard:
        batches = prefetch(split_batches(shard, order, size), size, CPU, threads)
        read = np.concatenate([batch.numpy().copy() for batch in batches])
    assert np.array_equal(read, expected[order])


def test_a_batch_may_have_parts_of_several_sources(tmp_path: Path) -> None:
    first, second = images(5), images(7)
    write_shard(tmp_path / "a.npy", first)
    write_shard(tmp_path / "b.npy", second)
    a, b = ShardReader(tmp_path / "a.npy"), ShardReader(tmp_path / "b.npy")
    plan = [[Part(a, np.array([4, 0])), Part(b, np.array([6]))], [Part(b, np.array([1, 2]))]]
    read = [batch.numpy().copy() for batch in prefetch(plan, 3, CPU)]
    assert np.array_equal(read[0], np.concatenate([first[[4, 0]], second[[6]]]))
    assert np.array_equal(read[1], second[[1, 2]])


def test_memory_is_used_again(tmp_path: Path) -> None:
    write_shard(tmp_path / "a.npy", images(60))
    with ShardReader(tmp_path / "a.npy") as shard:
        batches = prefetch(split_batches(shard, np.arange(60), 2), 2, CPU)
        places = {batch.data_ptr() for batch in batches}
    assert len(places) <= 6


def test_memory_is_kept_from_call_to_call_and_after_an_early_end(tmp_path: Path) -> None:
    expected, free = images(20), list[Buffer]()
    write_shard(tmp_path / "a.npy", expected)
    with ShardReader(tmp_path / "a.npy") as shard:
        places = set()
        for _ in range(3):
            started = prefetch(split_batches(shard, np.arange(20), 2), 2, CPU, 1, free)
            held = next(started)
            started.close()
            order = np.random.default_rng(len(places)).permutation(20)
            for number, batch in enumerate(
                prefetch(split_batches(shard, order, 2), 2, CPU, 1, free)
            ):
                assert np.array_equal(batch.numpy(), expected[order[2 * number : 2 * number + 2]])
                places.add(batch.data_ptr())
            assert np.array_equal(held.numpy(), expected[:2])  # whoever holds it may go on
        assert len(places) <= 12


def test_a_reader_that_fails_says_so_and_an_early_end_is_clean(tmp_path: Path) -> None:
    write_shard(tmp_path / "a.npy", images(9))
    with ShardReader(tmp_path / "a.npy") as shard:
        with pytest.raises(IndexError, match="image 9 of 9"):
            list(prefetch(split_batches(shard, np.array([0, 9]), 1), 1, CPU))
        batches = prefetch(split_batches(shard, np.arange(9), 1), 1, CPU)
        next(batches)
        batches.close()


@given(st.integers(1, 200), st.integers(0, 99), st.integers(0, 99))
def test_the_order_of_an_epoch_is_a_permutation(count: int, seed: int, epoch: int) -> None:
    order = epoch_order(count, seed, epoch)
    assert np.array_equal(np.sort(order), np.arange(count))
    assert np.array_equal(order, epoch_order(count, seed, epoch))


def test_a_pool_numbers_the_images_of_its_shards(tmp_path: Path) -> None:
    counts = [3, 0, 4]
    parts = [images(count) for count in counts]
    paths = [tmp_path / f"{i}.npy" for i in range(3)]
    for path, part in zip(paths, parts, strict=True):
        write_shard(path, part)
    pool = ConcatShards(paths)
    assert pool.shape == (7, 3, 8, 8)
    assert pool.counts.tolist() == counts
    out = np.empty((4, 3, 8, 8), np.uint8)
    pool.read([6, 2, 3, 0], out)
    assert np.array_equal(out, np.concatenate(parts)[[6, 2, 3, 0]])
    with pytest.raises(IndexError, match="image 7 of 7"):
        pool.read([7], out[:1])


def test_pools_that_cannot_be_are_refused(tmp_path: Path) -> None:
    write_shard(tmp_path / "none.npy", images(0))
    write_shard(tmp_path / "small.npy", images(1, 4))
    write_shard(tmp_path / "large.npy", images(1, 8))
    with pytest.raises(InputError, match="every series was refused"):
        ConcatShards([tmp_path / "none.npy"])
    with pytest.raises(InputError, match="prepare them anew with one configuration"):
        ConcatShards([tmp_path / "small.npy", tmp_path / "large.npy"])
