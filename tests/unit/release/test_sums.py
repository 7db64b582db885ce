"""A released folder proves itself: no byte, no file can change unseen."""

import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maknet.errors import InputError
from maknet.release.standalone import standalone_source
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


def loader() -> object:
    """Return the module that a release brings along."""
    source = standalone_source("maknet")
    module = types.ModuleType("modeling")
    exec(compile(source, "modeling.py", "exec"), module.__dict__)  # noqa: S102
    return module


def test_both_readers_refuse_every_change_of_the_sums(tmp_path: Path) -> None:
    make(tmp_path)
    modeling = loader()
    path = tmp_path / SUMS
    good = path.read_bytes()
    changed = [good[:i] + bytes([v]) + good[i + 1 :] for i in range(len(good)) for v in range(256)]
    more = [
        good + b"x", good + b"# a comment", good[:-1], good.replace(b"\n", b"\r\n"), b"",
        good + good.splitlines(keepends=True)[0], good + b"\n", b"\n" + good,
    ]  # fmt: skip
    sample = [c for i, c in enumerate(changed) if c != good and (i % 53 == 0 or i % 256 in (9, 13))]
    for content in [*sample, *more]:
        path.write_bytes(content)
        with pytest.raises(InputError):
            require_intact(tmp_path)
        with pytest.raises(ValueError, match=r"."):
            modeling.require_intact(tmp_path)  # type: ignore[attr-defined]
    path.write_bytes(good)
    require_intact(tmp_path)
    modeling.require_intact(tmp_path)  # type: ignore[attr-defined]


def test_changed_line_ends_are_told(tmp_path: Path) -> None:
    path = make(tmp_path) / SUMS
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(InputError, match="line ends were changed"):
        require_intact(tmp_path)
