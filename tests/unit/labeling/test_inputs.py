"""Series are found wherever their files lie, and no file name leaves."""

import os
import shutil
from pathlib import Path

import pydicom
import pytest

from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import sort_series
from maknet.errors import InputError
from maknet.labeling.inputs import find_series, without_words


@pytest.fixture
def two(phantom_archive: dict[str, Path], tmp_path: Path) -> Path:
    """Two series whose files lie mixed, in two folders and under the names of patients."""
    kinds = [kind for kind in phantom_archive if kind.startswith("clean")][:2]
    for kind in kinds:
        for number, path in enumerate(sorted(phantom_archive[kind].iterdir())):
            folder = tmp_path / "in" / f"DOE^JOHN {number % 2}"
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / f"DOE^JOHN_{kind}_{number}")
    return tmp_path / "in"


def test_files_are_put_together_by_their_series(two: Path) -> None:
    series, refused = find_series([two])
    assert not refused
    assert len(series) == 2
    for found in series:
        assert {h.series_uid for h in found.headers} == {found.uid}
        assert len(sort_series(found.headers)) == len(found.headers)


def test_single_files_and_folders_named_twice(two: Path) -> None:
    files = sorted(path for path in two.rglob("*") if path.is_file())
    series, _ = find_series([two, *files[:5], two])
    assert sum(len(found.headers) for found in series) == len(files)
    assert sum(found.left_out["repeated"] for found in series) == 0


def test_single_files_alone(two: Path) -> None:
    files = sorted(path for path in two.rglob("*") if path.is_file())
    series, refused = find_series(files)
    assert not refused
    assert sum(len(found.headers) for found in series) == len(files)


def test_the_same_file_in_two_places_is_used_once(two: Path) -> None:
    before, _ = find_series([two])
    shutil.copytree(two, two.parent / "backup")
    series, _ = find_series([two, two.parent / "backup"])
    assert [len(found.headers) for found in series] == [len(found.headers) for found in before]
    assert all(found.left_out["repeated"] == len(found.headers) for found in series)


def test_another_image_of_the_same_name_stays(two: Path) -> None:
    path = next(path for path in two.rglob("*") if path.is_file())
    dataset = pydicom.dcmread(path)
    dataset.RescaleIntercept = "-1000"
    dataset.save_as(path.with_name("changed"))
    found = next(f for f in find_series([two])[0] if f.uid == dataset.SeriesInstanceUID)
    with pytest.raises(SeriesError, match="duplicate_positions"):
        sort_series(found.headers)


def test_damaged_files_have_their_reason_and_others_are_left_out(two: Path) -> None:
    folder = next(two.iterdir())
    image = next(path for path in folder.iterdir())
    (folder / "DOE^JOHN cut").write_bytes(image.read_bytes()[:300])
    (folder / "DOE^JOHN.dcm").write_bytes(b"no DICOM at all" * 50)
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden").write_bytes(b"")
    series, refused = find_series([two])
    assert sorted(str(r.reason) for r in refused) == ["not_dicom", "truncated"]
    assert len(series) == 2
    assert all(found.left_out["unreadable"] == 2 for found in series)
    assert all(found.left_out["not_dicom"] == 1 for found in series)
    assert not any("DOE" in f"{r.name} {r.detail}" for r in refused)


def test_links_in_a_circle_end(two: Path) -> None:
    (two / "again").symlink_to(two, target_is_directory=True)
    series, _ = find_series([two])
    assert sum(found.left_out["repeated"] for found in series) == 0


@pytest.mark.parametrize("named", ["", "1", "."])
def test_reasons_name_images_by_their_uids(two: Path, named: str) -> None:
    """Whatever the files are called: numbers that stand in the sentence too, say."""
    if named == "1":
        for number, path in enumerate(sorted(p for p in two.rglob("*") if p.is_file())):
            path.rename(path.with_name(str(number)))
    found = find_series([two])[0][0]
    header = found.headers[3]
    path = header.path
    dataset = pydicom.dcmread(path)
    del dataset.RescaleSlope
    dataset.save_as(path)
    found = find_series([two])[0][0]
    with pytest.raises(SeriesError) as caught:
        sort_series(found.headers)
    assert caught.value.detail == f"{header.sop_uid} lacks its rescale slope or intercept"


def test_what_is_missing_or_empty_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is missing"):
        find_series([tmp_path / "none"])
    with pytest.raises(InputError, match="there is no file"):
        find_series([tmp_path])


@pytest.mark.filterwarnings("ignore:(Invalid value|The value length)")  # which is what is tested
def test_what_stands_where_a_uid_should_does_not_leave(two: Path) -> None:
    for path in [path for path in two.rglob("*") if path.is_file()]:
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = f"../../DOE^JOHN {dataset.SeriesInstanceUID[-4:]}"
        dataset.SOPInstanceUID = "DOE^JOHN"
        dataset.Modality = "DOE^JOHN"
        dataset.save_as(path)
    series, _ = find_series([two])
    assert [found.uid for found in series] == ["series 1", "series 2"]
    assert {h.sop_uid for found in series for h in found.headers} == {""}
    with pytest.raises(SeriesError) as caught:
        sort_series(series[0].headers)
    assert without_words(caught.value) == "another modality"


def test_a_folder_that_may_not_be_read_is_refused(
    two: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = sorted(two.iterdir())[0]
    scandir = os.scandir

    def refusing(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    told: list[str] = []
    _, refused = find_series([two], tell=told.append)
    assert [(r.name, str(r.reason), r.detail) for r in refused] == [
        ("folder 1", "unreadable", "Permission denied")
    ]
    assert told == [f"folder 1 is {closed}"]


def test_the_outputs_are_no_input(two: Path) -> None:
    shutil.copytree(sorted(two.iterdir())[0], two / "labeled")
    series, _ = find_series([two], two / "labeled")
    assert sum(found.left_out["repeated"] for found in series) == 0
