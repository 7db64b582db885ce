"""A released folder proves itself: no byte, no file can change unseen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.errors import InputError
from maknet.release.sums import SUMS, require_intact, write_sums

FILES = {"a.json": b'{"a": 1}\n', "sub/b.bin": bytes(range(40)), "README.md": "café\n".encode()}


def make(folder: Path) -> Path:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    write_sums(folder)
    return folder


def test_an_intact_folder_is_accepted(tmp_path: Path) -> None:
    require_intact(make(tmp_path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("sums"))


@given(st.sampled_from([*FILES, SUMS]), st.integers(0, 10**6), st.integers(1, 255))
def test_every_byte_counts(folder: Path, name: str, place: int, change: int) -> None:
    path = folder / name
    before = path.read_bytes()
    damaged = bytearray(before)
    damaged[place % len(before)] ^= change
    path.write_bytes(damaged)
    try:
        with pytest.raises(InputError, match="fetch the release anew"):
            require_intact(folder)
    finally:
        path.write_bytes(before)


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    make(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        require_intact(tmp_path)


def test_a_file_too_many_is_named_and_what_use_leaves_is_not(tmp_path: Path) -> None:
    make(tmp_path)
    for left_over in ("__pycache__/modeling.pyc", ".cache/huggingface/x", "sub/.DS_Store"):
        (tmp_path / left_over).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / left_over).write_bytes(b"x")
    require_intact(tmp_path)
    (tmp_path / "more.txt").write_text("x")
    with pytest.raises(InputError, match=r"more\.txt does not belong to"):
        require_intact(tmp_path)
