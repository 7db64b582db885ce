"""One bad series never takes another of its batch along."""

import errno
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEGLSLossless

from maknet.data.arrays import load_arrays
from maknet.data.ct.geometry import GeometryRules
from maknet.data.ct.preprocess import ImageSettings
from maknet.data.ct.quality import ScreeningRules
from maknet.data.ct.series_batch import BatchFiles, SeriesRules, prepare_batch, summarize_batches
from maknet.data.shards.shard import ShardReader
from maknet.errors import InputError
from maknet.files import read_rows
from tests.unit.data.ct.three_slices import SIDE, compress, first

IMAGE = ImageSettings(size=SIDE, crop="none")
ANYTHING = ScreeningRules(
    min_slices=3, min_matrix=8, pixel_mm=(0.01, 100), min_body_fraction=0,
    body_hu=(-5000, 5000), max_noise_hu=1e9,
)  # fmt: skip
Edit = Callable[..., None]
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture
def folders(three_slices: Path, tmp_path: Path, edit_dicom: Edit) -> list[Path]:
    """Three series: a good one, one that tests spoil, and another good one."""
    made = [Path(shutil.copytree(three_slices, tmp_path / "in" / name)) for name in "abc"]
    for number, folder in enumerate(made):
        for path in folder.iterdir():
            edit_dicom(path, SeriesInstanceUID=f"1.2.{number}")
    return made


def prepare(folders: list[Path], out: Path, allowed: int = 0) -> dict[str, dict[str, str]]:
    rules = SeriesRules(GeometryRules(), ANYTHING, allowed)
    out.mkdir()
    files = BatchFiles(
        out / "s.npy", out / "f.npz", out / "i.csv", out / "series.csv", out / "p.npz"
    )
    prepare_batch("batch0000", folders, IMAGE, rules, files)
    return {row["folder"]: row for row in read_rows(out / "series.csv")}


def require_others_unharmed(folders: list[Path], out: Path, alone: Path) -> None:
    """The rest of the batch is byte for byte what it is without the bad series."""
    prepare([folders[0], folders[2]], alone)
    assert (out / "s.npy").read_bytes() == (alone / "s.npy").read_bytes()
    assert (out / "i.csv").read_bytes() == (alone / "i.csv").read_bytes()
    with ShardReader(out / "s.npy") as shard:
        assert len(shard) == 2
    pictures = load_arrays(out / "p.npz")["thumbnails"]
    assert np.array_equal(pictures[[0, 2]], load_arrays(alone / "p.npz")["thumbnails"])


def rows_65535(folder: Path, edit_dicom: Edit) -> None:
    for path in folder.iterdir():
        edit_dicom(path, Rows=65535, Columns=65535)


def bits_65535(folder: Path, edit_dicom: Edit) -> None:
    edit_dicom(first(folder), BitsAllocated=65535)


def another_size(folder: Path, edit_dicom: Edit) -> None:
    for path in folder.iterdir():
        compress(path, JPEGLSLossless)
        edit_dicom(path, Rows=SIDE // 2)


def float_nan(folder: Path, _: Edit) -> None:
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        del dataset.PixelData
        dataset.FloatPixelData = np.full((SIDE, SIDE), np.nan, np.float32).tobytes()
        dataset.BitsAllocated = 32
        dataset.save_as(path)


def rescale_nan(folder: Path, _: Edit) -> None:
    path = first(folder)
    path.write_bytes(path.read_bytes().replace(b"-1024 ", b"NaN   "))


def dangling_file(folder: Path, _: Edit) -> None:
    (folder / "z.dcm").symlink_to(folder / "nowhere")


def circular_link(folder: Path, _: Edit) -> None:
    (folder / "z.dcm").symlink_to(folder / "z.dcm")


def dangling_folder(folder: Path, _: Edit) -> None:
    shutil.rmtree(folder)
    folder.symlink_to("nowhere")


def a_file_in_its_place(folder: Path, _: Edit) -> None:
    shutil.rmtree(folder)
    folder.write_bytes(b"x")


def latin_1(folder: Path, _: Edit) -> None:
    first(folder).rename(folder / "\udce9.dcm")


def only_others(folder: Path, _: Edit) -> None:
    for path in folder.iterdir():
        path.unlink()
    (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (folder / "._a.dcm").write_bytes(b"\0\5\x16\7" + bytes(80))


def repeated(folder: Path, edit_dicom: Edit) -> None:
    for path in folder.iterdir():
        edit_dicom(path, SeriesInstanceUID="1.2.0")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (rows_65535, "too_large"),
        (bits_65535, "implausible_header"),
        (another_size, "undecodable"),
        (float_nan, "implausible_header"),
        (rescale_nan, "missing_rescale"),
        (dangling_file, "unreadable"),
        (circular_link, "unreadable"),
        (dangling_folder, "unreadable"),
        (a_file_in_its_place, "unreadable"),
        (latin_1, "unreadable"),
        (only_others, "no_images"),
        (repeated, "repeated_series"),
    ],
)
def test_a_bad_series_is_refused_alone(
    folders: list[Path], tmp_path: Path, edit_dicom: Edit, spoil: Any, reason: str
) -> None:
    spoil(folders[1], edit_dicom)
    rows = prepare(folders, tmp_path / "out")
    assert {name: row["reason"] for name, row in rows.items()} == {"a": "", "b": reason, "c": ""}
    assert rows["b"]["detail"]
    require_others_unharmed(folders, tmp_path / "out", tmp_path / "alone")
    summarize_batches([tmp_path / "out" / "series.csv"], tmp_path / "r.csv", tmp_path / "f.csv")
    assert [row["reason"] for row in read_rows(tmp_path / "r.csv")] == [reason]


@pytest.mark.parametrize("call", ["_count_files", "read_series", "check_quality",
                                  "prepare_volume", "thumbnail"])  # fmt: skip
@pytest.mark.parametrize(
    "fault",
    [
        MemoryError(),
        ValueError("broken\nin two lines"),
        OSError(errno.EIO, "Input/output error"),
        UnicodeEncodeError("utf-8", "\udce9", 0, 1, "surrogates not allowed"),
        ZeroDivisionError("division by zero"),
        RecursionError(),
        KeyError("x"),
        InputError("A sentence for users."),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_an_exception_anywhere_stays_with_its_series(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, call: str, fault: Exception,
) -> None:  # fmt: skip
    whole = prepare(folders, tmp_path / "whole")
    module = "maknet.data.ct.series_batch"
    real = getattr(__import__(module, fromlist=[call]), call)

    def broken(subject: Any, *others: Any) -> Any:
        if folders[1] == subject or getattr(subject, "series_uid", "") == "1.2.1":
            raise fault
        return real(subject, *others)

    monkeypatch.setattr(f"{module}.{call}", broken)
    with caplog.at_level(logging.ERROR, logger="maknet"):
        rows = prepare(folders, tmp_path / "out", allowed=1)
    assert "Traceback" in caplog.text
    assert "/in/b: unexpected error" in caplog.text
    assert type(fault).__name__ in rows["b"]["detail"]
    assert "\n" not in rows["b"]["detail"]
    if call == "thumbnail":  # a series without a picture is used all the same
        assert rows["b"]["detail"].startswith("no picture: ")
        assert rows == whole | {"b": whole["b"] | {"detail": rows["b"]["detail"]}}
        return
    assert {name: row["reason"] for name, row in rows.items()} == {
        "a": "", "b": "internal_error", "c": ""
    }  # fmt: skip
    monkeypatch.undo()
    require_others_unharmed(folders, tmp_path / "out", tmp_path / "alone")
    monkeypatch.setattr(f"{module}.{call}", broken)
    with pytest.raises(InputError, match=r"1 of 3 series .* series\.max_internal_errors = 0; .* b"):
        prepare(folders, tmp_path / "strict")
    assert not list((tmp_path / "strict").iterdir())


def test_who_stops_the_job_stops_it(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("maknet.data.ct.series_batch.read_series", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare(folders, tmp_path / "out", allowed=3)


def test_a_file_without_permission_refuses_its_series(
    folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maknet.dicom.header import read_header

    def refuse(path: Path) -> object:
        if path.parent.name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return read_header(path)

    monkeypatch.setattr("maknet.data.ct.series.read_header", refuse)
    rows = prepare(folders, tmp_path / "out")
    assert rows["b"]["reason"] == "unreadable"
    assert rows["b"]["detail"].endswith("may not be read")


def test_a_series_in_two_batches_is_named(
    folders: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prepare(folders[:1], tmp_path / "one")
    prepare(folders, tmp_path / "two")
    tables = [tmp_path / name / "series.csv" for name in ("one", "two")]
    summarize_batches(tables, tmp_path / "r.csv", tmp_path / "f.csv")
    assert caplog.text.count("is used twice") == 1
    assert "series 1.2.0 is used twice, from a of batch0000 and from a of batch0000" in caplog.text
