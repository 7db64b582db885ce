"""Bytes too many, a matrix too large, a bomb: found before they become pixels or memory."""

import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from maknet.data.ct.series import read_series
from tests.unit.data.ct.three_slices import (
    PIXEL_BYTES,
    first,
    reason,
    rewrite,
)

Edit = Callable[..., None]
# As in a job: what pydicom only warns of must be found all the same.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


@pytest.mark.parametrize("syntax", ["as is", ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize(
    "change",
    [
        lambda pixels: pixels[:100] + b"\x07" + pixels[100:],
        lambda pixels: pixels[:100] + bytes(12) + pixels[100:],
        lambda pixels: pixels[:512] + pixels,
        lambda pixels: pixels[:1024] + pixels[512:],
        lambda pixels: pixels.replace(b"\n", b"\r\n"),
        lambda pixels: pixels + bytes(64),
        lambda pixels: pixels + b"\xfc\xff\xfc\xff",
        lambda pixels: pixels + b"\xfc\xff\xfc\xffOB\0\0\x09\0\0\0" + bytes(8),
    ],
    ids=["a byte", "zeros", "first block", "a block", "CRLF", "trailing", "a tag", "short padding"],
)
def test_bytes_too_many_among_native_pixels(
    slices: Path, syntax: str, change: Callable[[bytes], bytes]
) -> None:
    path = first(slices)
    if syntax != "as is":
        rewrite(path, syntax)
    content = path.read_bytes()
    path.write_bytes(content[:-PIXEL_BYTES] + change(content[-PIXEL_BYTES:]))
    assert reason(slices) == "undecodable"


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(
    "syntax", ["as is", ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_elements_after_the_pixels_are_no_damage(
    slices: Path, three_slices: Path, syntax: str, undefined: bool
) -> None:
    for path in slices.iterdir():
        dataset = pydicom.dcmread(path)
        inner, item = Dataset(), Dataset()
        inner.PatientID = "x"
        item.add_new(0x00400275, "SQ", [inner])
        item.DataSetTrailingPadding = bytes(4)
        dataset.add_new(0x7FE10010, "LO", "SOMEBODY")
        dataset.add_new(0x7FE11001, "OB", bytes(6))
        dataset.add_new(0xFFFAFFFA, "SQ", [item, item])
        dataset[0xFFFAFFFA].is_undefined_length = undefined
        item[0x00400275].is_undefined_length = undefined
        item.is_undefined_length_sequence_item = undefined
        dataset.DataSetTrailingPadding = bytes(30)
        dataset.save_as(path)
        if syntax != "as is":
            rewrite(path, syntax)
    assert np.array_equal(read_series(slices).hu, read_series(three_slices).hu)


def test_a_matrix_that_the_file_cannot_hold_asks_for_no_memory(
    slices: Path, edit_dicom: Edit
) -> None:
    for path in slices.iterdir():
        edit_dicom(path, Rows=4096, Columns=4096)
    tracemalloc.start()
    assert reason(slices) == "truncated"
    for path in slices.iterdir():
        edit_dicom(path, Rows=65535, Columns=65535)
    assert reason(slices) == "too_large"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6


def test_a_volume_larger_than_the_memory_is_refused(slices: Path) -> None:
    assert len(read_series(slices, max_bytes=3 * PIXEL_BYTES).hu) == 3
    assert reason(slices, max_bytes=3 * PIXEL_BYTES - 1) == "too_large"


def test_a_side_longer_than_any_is_refused(slices: Path, edit_dicom: Edit) -> None:
    for path in slices.iterdir():
        edit_dicom(path, Rows=8192, Columns=2, PixelData=bytes(2 * 8192 * 2))
    assert reason(slices) == "undecodable"


def test_a_deflated_bomb_and_a_short_one_are_refused(slices: Path) -> None:
    path = first(slices)
    rewrite(path, DeflatedExplicitVRLittleEndian)
    whole = path.read_bytes()
    start = 144 + int.from_bytes(whole[140:144], "little")
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(1 << 27)) + packer.flush()
    for content in (whole[:-9], whole + b"\0\0", whole[:start] + bomb, whole[:132] + whole[150:]):
        path.write_bytes(content)
        assert reason(slices) == "truncated"
    path.write_bytes(whole)
    assert len(read_series(slices).hu) == 3
