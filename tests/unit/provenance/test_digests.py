import os
from pathlib import Path

import pytest

from maknet.files import sha256
from maknet.provenance import digests
from maknet.provenance.digests import DigestStore, digest


def test_a_file_is_read_once_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def counted(path: Path) -> str:
        reads.append(path)
        return sha256(path)

    monkeypatch.setattr(digests, "sha256", counted)
    path = tmp_path / "a.txt"
    path.write_text("one")
    first = DigestStore(tmp_path / "results").digest(path)
    assert first == DigestStore(tmp_path / "results").digest(path) == sha256(path)
    assert len(reads) == 1
    path.write_text("two")
    os.utime(path, ns=(1, 1))
    assert DigestStore(tmp_path / "results").digest(path) == sha256(path) != first
    assert len(reads) == 2


def test_a_replaced_file_of_the_same_size_and_time_is_read_again(tmp_path: Path) -> None:
    store, path = DigestStore(tmp_path / "r"), tmp_path / "a"
    path.write_text("one")
    os.utime(path, ns=(5, 5))
    first = store.digest(path)
    (tmp_path / "b").write_text("two")
    os.utime(tmp_path / "b", ns=(5, 5))
    (tmp_path / "b").replace(path)
    assert store.digest(path) != first


def test_a_damaged_store_is_made_anew(tmp_path: Path) -> None:
    store, path = DigestStore(tmp_path / "r"), tmp_path / "a"
    path.write_text("one")
    first = store.digest(path)
    kept = next((tmp_path / "r").rglob("*.json"))
    for content in ("", "[1]", '"text"', "{}"):
        kept.write_text(content)
        assert store.digest(path) == first


def test_folders_and_joint_digests(tmp_path: Path) -> None:
    store = DigestStore(tmp_path / "r")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "x").write_text("1")
    assert store.digest(tmp_path / "f") == digest(tmp_path / "f")
    both = store.combined([tmp_path / "f", tmp_path / "f" / "x"])
    assert both != store.combined([tmp_path / "f" / "x", tmp_path / "f"])
    (tmp_path / "f" / "x").write_text("2")
    os.utime(tmp_path / "f" / "x", ns=(9, 9))
    assert both != store.combined([tmp_path / "f", tmp_path / "f" / "x"])


def test_folders_of_a_user_are_digested_whatever_their_names(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xe9.dcm")).write_text("latin-1")
    (tmp_path / "gone").symlink_to("nowhere")
    for function in (digests.content_digest, digests.listing_digest):
        before = function(tmp_path)
        (tmp_path / "nowhere").write_text("now it is there")
        assert function(tmp_path) != before
        (tmp_path / "nowhere").unlink()
