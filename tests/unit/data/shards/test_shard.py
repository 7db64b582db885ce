from pathlib import Path

import numpy as np
import pytest

from maknet.data.arrays import load_arrays, save_arrays
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.errors import InputError


def images(count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(0, 256, (count, 3, 8, 8)).astype(np.uint8)


def test_a_shard_is_an_ordinary_npy(tmp_path: Path) -> None:
    parts = [images(3), images(0), images(2)]
    write_shard(tmp_path / "s.npy", parts)
    assert np.array_equal(np.load(tmp_path / "s.npy"), np.concatenate(parts))


def test_reading_by_position(tmp_path: Path) -> None:
    expected = images(9)
    write_shard(tmp_path / "s.npy", expected)
    with ShardReader(tmp_path / "s.npy") as shard:
        assert len(shard) == 9
        assert np.array_equal(shard.images([7, 0, 7]), expected[[7, 0, 7]])
        with pytest.raises(IndexError, match="image 9 of 9"):
            shard.images([9])


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npy").write_text("no array at all, but long enough to look at")
    np.save(tmp_path / "floats.npy", np.zeros((2, 3, 8, 8)))
    write_shard(tmp_path / "cut.npy", images(4))
    whole = (tmp_path / "cut.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-5])
    for name, words in (("text", "is not a shard"), ("floats", "not images"),
                        ("cut", "that its header promises")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            ShardReader(tmp_path / f"{name}.npy")


def test_an_archive_of_pickles_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "p.npz", a=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="is not a usable array file"):
        load_arrays(tmp_path / "p.npz")
    save_arrays(tmp_path / "a.npz", a=np.arange(3))
    with pytest.raises(InputError, match=r"a\.npz has no array 'b'"):
        load_arrays(tmp_path / "a.npz", ["a", "b"])
    whole = (tmp_path / "a.npz").read_bytes()
    for content in (b"", b"PK", whole[:-1], whole[: len(whole) // 2], b"\x93NUMPY", b"\x80\4."):
        (tmp_path / "b.npz").write_bytes(content)
        with pytest.raises(InputError, match="is not a usable array file"):
            load_arrays(tmp_path / "b.npz")
    np.save(tmp_path / "c.npy", np.arange(3))
    with pytest.raises(InputError, match="is not a usable array file"):
        load_arrays(tmp_path / "c.npy")
    assert np.array_equal(load_arrays(tmp_path / "a.npz")["a"], np.arange(3))
