"""Headers that contradict themselves, slices that are beside each other, files that are none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import read_series
from tests.unit.data.ct.three_slices import (
    SIDE,
    first,
    reason,
)

Edit = Callable[..., None]
# As in a job: what pydicom only warns of must be found all the same.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}, "implausible_header"),
        ({"BitsAllocated": 32}, "implausible_header"),
        ({"BitsAllocated": 255}, "implausible_header"),
        ({"BitsAllocated": 65535}, "implausible_header"),
        ({"HighBit": 15}, "implausible_header"),
        ({"HighBit": 10}, "implausible_header"),
        ({"PixelRepresentation": 16385}, "implausible_header"),
        ({"PixelRepresentation": None}, "implausible_header"),
        ({"ImageOrientationPatient": [1, 0, 0, 0.5, 1, 0]}, "implausible_header"),
        ({"ImageOrientationPatient": [2, 0, 0, 0, 1, 0]}, "implausible_header"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "implausible_header"),
        ({"ImageOrientationPatient": [0, 0, 0, 0, 0, 0]}, "implausible_header"),
    ],
)
def test_headers_that_contradict_themselves(
    slices: Path, edit_dicom: Edit, elements: dict[str, object], expected: str
) -> None:
    for path in slices.iterdir():
        edit_dicom(path, **elements)
    assert reason(slices) == expected


def test_float_pixels_are_refused(slices: Path) -> None:
    for keyword, kind in (("FloatPixelData", np.float32), ("DoubleFloatPixelData", np.float64)):
        for path in slices.iterdir():
            dataset = pydicom.dcmread(path)
            dataset.pop("PixelData", None)
            dataset.pop("FloatPixelData", None)
            setattr(dataset, keyword, np.full((SIDE, SIDE), np.nan, kind).tobytes())
            dataset.save_as(path)
        with pytest.raises(SeriesError, match=r"implausible_header: .* floating point"):
            read_series(slices)


@pytest.mark.parametrize("along", [0, 1])
def test_slices_beside_each_other_are_refused(slices: Path, edit_dicom: Edit, along: int) -> None:
    for number, path in enumerate(sorted(slices.iterdir())):
        position = [float(v) for v in pydicom.dcmread(path).ImagePositionPatient]
        position[along] += 50 * number
        edit_dicom(path, ImagePositionPatient=position)
    with pytest.raises(SeriesError, match=r"shifted_slices: .* lies 50\.0 mm beside"):
        read_series(slices)


@pytest.mark.parametrize(("vr", "value"), [("SS", -2000), ("US", 63536)])
@pytest.mark.parametrize("bits", [16, 12])
def test_padding_becomes_air_whatever_its_sign(
    slices: Path, edit_dicom: Edit, vr: str, value: int, bits: int
) -> None:
    stored = np.full((SIDE, SIDE), 1024, np.uint16)
    stored[0] = 63536
    for path in slices.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.add_new("PixelPaddingValue", vr, value)
        dataset.save_as(path)
        edit_dicom(path, BitsStored=bits, HighBit=bits - 1, PixelData=stored.tobytes())
    hu = read_series(slices).hu
    assert (hu[:, 0] == -1024).all()
    assert (hu[:, 1:] == 0).all()


@pytest.mark.parametrize("suffix", [".dcm", ""])
@pytest.mark.parametrize("place", [*range(128, 144), 146, 155, 156, 160, 170, 180, 190])
def test_a_damaged_file_meta_never_drops_a_slice(slices: Path, suffix: str, place: int) -> None:
    path = max(slices.iterdir())
    content = bytearray(path.read_bytes())
    content[place] ^= 0x02
    path.unlink()
    path.with_suffix(suffix).write_bytes(content)
    found = outcome(slices)
    assert found in ("truncated", "not_dicom", "undecodable", (3, {}))


def outcome(folder: Path) -> object:
    try:
        volume = read_series(folder)
    except SeriesError as error:
        return str(error.reason)
    return len(volume.hu), volume.left_out


def test_a_header_that_lacks_a_piece_is_damage(slices: Path) -> None:
    """Where a sequence breaks off pydicom raises an OSError of its own."""
    path = first(slices)
    whole = path.read_bytes()
    for start in range(300, whole.index(b"\xe0\x7f\x10\x00"), 7):
        path.write_bytes(whole[:start] + whole[start + 19 :])
        assert isinstance(outcome(slices), str | tuple)


def test_files_of_other_systems_are_left_out(slices: Path) -> None:
    (slices / "._x.dcm").write_bytes(b"\0\5\x16\7" + bytes(80))
    (slices / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    assert read_series(slices).left_out == {"not_dicom": 2}


def test_a_link_to_nowhere_and_a_file_without_permission_are_named(
    slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = slices / "b\udce9.dcm"  # latin-1
    link.symlink_to(slices / "nowhere")
    with pytest.raises(SeriesError, match=r"unreadable: b\\udce9\.dcm is a broken link"):
        read_series(slices)
    link.unlink()
    first(slices).rename(link)
    with pytest.raises(SeriesError, match=r"unreadable: the name b\\udce9\.dcm is not UTF-8"):
        read_series(slices)
    link.rename(slices / "c.dcm")
    monkeypatch.setattr("maknet.data.ct.series.read_header", refuse)
    assert reason(slices) == "unreadable"


def refuse(path: Path) -> None:
    raise PermissionError(13, "Permission denied", str(path))


@pytest.mark.parametrize("written", ["-1_00", "-1\u06600", "nan  ", "0x1p3", "1e5 5"])
def test_numbers_that_python_reads_and_dicom_has_not(slices: Path, written: str) -> None:
    damaged = first(slices)
    content, number = damaged.read_bytes(), b"-1024"
    assert content.count(b"DS\x06\x00" + number) == 1
    raw = written.encode("utf-8").ljust(6)[:6]
    damaged.write_bytes(content.replace(b"DS\x06\x00" + number + b" ", b"DS\x06\x00" + raw))
    assert reason(slices) in ("missing_rescale", "implausible_header")


def test_values_that_no_scanner_measures_are_refused(slices: Path, edit_dicom: Edit) -> None:
    edit_dicom(first(slices), RescaleSlope="85")
    with pytest.raises(SeriesError, match=r"undecodable: .* HU is brighter than any CT"):
        read_series(slices)
