from pathlib import Path

import pytest

from maknet.errors import InputError
from maknet.jobs.scratch import scratch_folder, staged


@pytest.mark.parametrize("setting", [None, ""])
def test_without_a_disk_the_folder_itself_is_used(setting: str | None, tmp_path: Path) -> None:
    with scratch_folder(setting) as scratch:
        assert scratch is None
        assert staged(tmp_path, scratch) == tmp_path


def test_the_copy_goes_even_when_the_work_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_DISK", str(tmp_path / "disk"))
    (tmp_path / "disk").mkdir()
    (tmp_path / "batch" / "series").mkdir(parents=True)
    (tmp_path / "batch" / "series" / "1.dcm").write_bytes(b"x")

    def fail() -> None:
        with scratch_folder("$NODE_DISK") as scratch:
            assert scratch is not None
            copy = staged(tmp_path / "batch", scratch)
            assert copy.is_relative_to(tmp_path / "disk")
            assert (copy / "series" / "1.dcm").read_bytes() == b"x"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list((tmp_path / "disk").iterdir())
    assert (tmp_path / "batch" / "series" / "1.dcm").exists()


def test_a_missing_disk_is_named() -> None:
    words = r"\$NO_SUCH_DISK is \$NO_SUCH_DISK on this node"
    with pytest.raises(InputError, match=words), scratch_folder("$NO_SUCH_DISK"):
        pass
