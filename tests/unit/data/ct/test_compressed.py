"""A compressed frame is what the header says or is refused; no decoder overrules another."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless, RLELossless

from maknet.data.ct.series import read_series
from tests.unit.data.ct.three_slices import (
    SIDE,
    WAVE,
    compress,
    first,
    reason,
)

Edit = Callable[..., None]
# As in a job: what pydicom only warns of must be found all the same.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.fixture(params=[RLELossless, JPEGLSLossless], ids=["rle", "jpeg-ls"])
def compressed(request: pytest.FixtureRequest, slices: Path) -> Path:
    for path in slices.iterdir():
        compress(path, request.param)
    assert len(read_series(slices).hu) == 3
    return slices


def test_what_pydicom_refuses_is_not_tried_again(
    slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in slices.iterdir():
        compress(path, RLELossless)
    path = first(slices)
    content = bytearray(path.read_bytes())
    content[content.index(b"\xfe\xff\x00\xe0", content.index(b"\xe0\x7f\x10\x00") + 20) + 9] = 7
    path.write_bytes(content)  # another number of segments
    import SimpleITK as sitk  # noqa: N813

    monkeypatch.setattr(sitk, "ReadImage", lambda _: pytest.fail("SimpleITK was asked"))
    assert reason(slices) == "undecodable"


def test_segments_longer_than_the_matrix_are_refused(slices: Path) -> None:
    for path in slices.iterdir():
        compress(path, RLELossless)
    path = first(slices)
    content = bytearray(path.read_bytes())
    literal = content.index(b"\xfe\xff\x00\xe0", content.index(b"\xe0\x7f\x10\x00") + 20) + 8 + 64
    content[literal] += 1  # one byte more is copied, and all that follows is read otherwise
    path.write_bytes(content)
    assert reason(slices) == "undecodable"


def test_simpleitk_sees_nothing_but_the_frame(
    slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import SimpleITK as sitk  # noqa: N813

    for path in slices.iterdir():
        compress(path, JPEGLSLossless)
        dataset = pydicom.dcmread(path)
        dataset.PatientName = "NOBODY"
        dataset.save_as(path)
    seen = []
    read = sitk.ReadImage

    def remember(path: str) -> object:
        seen.append(Path(path).read_bytes())
        return read(path)

    monkeypatch.setattr(sitk, "ReadImage", remember)
    assert len(read_series(slices).hu) == 3
    assert len(seen) == 3
    assert not any(b"NOBODY" in content for content in seen)


def test_a_frame_that_breaks_off_or_goes_on_is_refused(compressed: Path) -> None:
    path = first(compressed)
    whole = path.read_bytes()
    for content in (whole[:-8], whole[:-40], whole + b"\0\0", whole + whole[-50:]):
        path.write_bytes(content)
        assert reason(compressed) in ("truncated", "undecodable")


def test_another_size_than_the_frames_is_refused(compressed: Path, edit_dicom: Edit) -> None:
    for path in compressed.iterdir():
        edit_dicom(path, Rows=16, Columns=64)
    if pydicom.dcmread(path).file_meta.TransferSyntaxUID == JPEGLSLossless:
        assert reason(compressed) == "undecodable"  # RLE has no size of its own
    for path in compressed.iterdir():
        edit_dicom(path, Rows=64, Columns=64)
    assert reason(compressed) == "undecodable"


@pytest.mark.parametrize(
    "decoded",
    [
        np.full((SIDE, SIDE), 4096, np.uint16),
        np.full((SIDE, SIDE), -1, np.int16),
        np.zeros((SIDE, SIDE), np.float32),
        np.zeros((SIDE, SIDE + 1), np.uint16),
        np.zeros((1, SIDE, SIDE), np.uint16),
    ],
    ids=["too bright", "negative", "float", "too wide", "a frame"],
)
def test_what_a_decoder_returns_is_checked(
    compressed: Path, monkeypatch: pytest.MonkeyPatch, decoded: np.ndarray
) -> None:
    for name in ("_decode_with_pydicom", "_decode_with_simpleitk"):
        monkeypatch.setattr(f"maknet.dicom.compressed.{name}", lambda *_: decoded)
    assert reason(compressed) == "undecodable"


@pytest.mark.parametrize("at", ["height", "width", "components", "depth", "end", "start"])
def test_a_damaged_header_of_the_frame_is_found(slices: Path, at: str) -> None:
    frame = bytearray(WAVE.read_bytes())
    size = frame.index(b"\xff\xf7") + 4
    place = {"depth": size, "height": size + 1, "width": size + 3, "components": size + 5,
             "end": len(frame) - 1, "start": 0}[at]  # fmt: skip
    assert frame.endswith(b"\xff\xd9")
    frame[place] ^= 0x40
    for path in slices.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
        dataset.PixelData = encapsulate([bytes(frame)])
        dataset["PixelData"].is_undefined_length = True
        dataset.save_as(path)
    assert reason(slices) in ("undecodable", "truncated")
