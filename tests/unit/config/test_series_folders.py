"""Every folder with files below the root is found, through links too, or the reason is said."""

import os
from pathlib import Path

import pytest

from maknet.config.series_folders import series_folders
from maknet.errors import InputError


def put(path: Path, *names: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name in names:
        (path / name).touch()
    return path


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    root, elsewhere = put(tmp_path / "root"), put(tmp_path / "elsewhere" / "deep", "1.dcm")
    put(root / "a", "1.dcm")
    (root / "b").symlink_to(elsewhere)
    (root / "c").symlink_to(elsewhere.parent)
    (root / "a" / "up").symlink_to(root)
    (elsewhere / "back").symlink_to(elsewhere.parent)
    assert series_folders(root) == ["a", "b", "c/deep"]


def test_two_links_that_lead_to_each_other_end(tmp_path: Path) -> None:
    root = put(tmp_path / "root")
    put(root / "x", "1.dcm")
    put(root / "y", "1.dcm")
    (root / "x" / "to_y").symlink_to(root / "y")
    (root / "y" / "to_x").symlink_to(root / "x")
    assert series_folders(root) == ["x", "x/to_y", "y", "y/to_x"]


def test_folders_without_images_are_no_series(tmp_path: Path) -> None:
    put(tmp_path / "disc", "DICOMDIR", ".DS_Store", "._x.dcm")
    put(tmp_path / "disc" / "s1", "1", ".DS_Store")
    put(tmp_path / "windows", "Thumbs.db", "desktop.ini")
    assert series_folders(tmp_path) == ["disc/s1"]


def test_what_would_be_lost_is_said(tmp_path: Path) -> None:
    put(tmp_path / "s1", "1.dcm")
    (tmp_path / "s2").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"s2 is a broken link; fix it"):
        series_folders(tmp_path)
    (tmp_path / "s2").unlink()
    (tmp_path / "loose.dcm").touch()
    with pytest.raises(InputError, match=r"loose\.dcm is not in a folder of its own"):
        series_folders(tmp_path)
    (tmp_path / "loose.dcm").unlink()
    latin = tmp_path / os.fsdecode(b"\xe9")
    put(latin, "1.dcm")
    with pytest.raises(InputError, match=r"\\xe9' has a name that is not UTF-8; rename it"):
        series_folders(tmp_path)


@pytest.mark.parametrize("name", ["{x}", "{", "<data>"])
def test_names_that_snakemake_takes_for_wildcards_are_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path / "patient" / name, "1.dcm")
    with pytest.raises(InputError, match=r"has braces or < > in its name"):
        series_folders(tmp_path)


def test_a_folder_that_may_not_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "s1", "1.dcm")

    def refuse(_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
        series_folders(tmp_path)
