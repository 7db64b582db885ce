"""Every way of storing pixels that archives use is read as SimpleITK reads it."""

import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.encaps import encapsulate as encapsulate_frames
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import read_series
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series

COMPRESSORS = {"JPEG": JPEGLosslessSV1, "JPEG2000": JPEG2000Lossless}
WAVE = Path(__file__).parent / "files" / "wave_32x32.jls"  # no encoder for JPEG-LS is at hand


def wave() -> np.ndarray:
    """Return the stored values of which `WAVE` is the JPEG-LS image."""
    rows, columns = np.arange(32)[:, None] / 5, np.arange(32)[None] / 7
    noise = np.random.default_rng(7).integers(-2, 3, (32, 32))
    return np.rint(1024 + 300 * np.sin(rows) * np.cos(columns) + noise).astype(np.uint16)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An uncompressed series whose values are stored unsigned, with slope 1."""
    root = tmp_path_factory.mktemp("syntax")
    for number in range(20):
        folder = root / str(number)
        write_series(PlannedSeries(number, "clean", PROTOCOLS[2], 5), folder, 32)
        if pydicom.dcmread(next(folder.iterdir())).Manufacturer == "SIEMENS":
            return folder
    raise AssertionError("no series of that manufacturer was drawn")


@pytest.fixture
def series(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "series"))


def encapsulate(path: Path, compressor: str, scratch: Path) -> None:
    """Let GDCM encode the stored values, and put its frames into the file."""
    dataset = pydicom.dcmread(path)
    image = sitk.GetImageFromArray(dataset.pixel_array[None].astype(np.uint16))
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.SetFileName(str(scratch))
    writer.Execute(image)
    encoded = pydicom.dcmread(scratch)
    assert encoded.file_meta.TransferSyntaxUID == COMPRESSORS[compressor]
    dataset.file_meta.TransferSyntaxUID = encoded.file_meta.TransferSyntaxUID
    dataset.PixelData = encoded.PixelData
    dataset["PixelData"].is_undefined_length = True
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.save_as(path)


def rewrite(path: Path, syntax: str) -> None:
    dataset = pydicom.dcmread(path)
    if syntax == RLELossless:
        dataset.compress(RLELossless, generate_instance_uid=False)
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
        dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = syntax
    little, implicit = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    raw = pydicom.Dataset({tag: dataset[tag] for tag in dataset.keys()})  # noqa: SIM118
    raw.file_meta = dataset.file_meta
    pydicom.dcmwrite(path, raw, implicit_vr=implicit, little_endian=little,
                     enforce_file_format=True)  # fmt: skip


def same_as_simpleitk(folder: Path) -> bool:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    expected = sitk.GetArrayFromImage(reader.Execute())
    return np.array_equal(read_series(folder).hu, expected)


@pytest.mark.parametrize("compressor", list(COMPRESSORS))
def test_compressed(series: Path, original: Path, tmp_path: Path, compressor: str) -> None:
    for path in series.iterdir():
        encapsulate(path, compressor, tmp_path / "scratch.dcm")
    assert np.array_equal(read_series(series).hu, read_series(original).hu)
    assert same_as_simpleitk(series)


def test_jpeg_ls(series: Path) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
        dataset.PixelData = encapsulate_frames([WAVE.read_bytes()])
        dataset["PixelData"].is_undefined_length = True
        dataset.BitsStored, dataset.HighBit = 12, 11
        dataset.save_as(path)
    assert (read_series(series).hu == wave().astype(np.int16) - 1024).all()


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian, RLELossless],
    ids=["implicit", "big-endian", "deflated", "rle"],
)
def test_encodings(series: Path, original: Path, syntax: str) -> None:
    for path in series.iterdir():
        rewrite(path, syntax)
    assert np.array_equal(read_series(series).hu, read_series(original).hu)


def test_syntaxes_may_be_mixed_and_suffixes_missing(
    series: Path, original: Path, tmp_path: Path
) -> None:
    for number, path in enumerate(sorted(series.iterdir())):
        if number % 2:
            encapsulate(path, "JPEG", tmp_path / "scratch.dcm")
        path.rename(path.with_name(f"CT.1.2.{number}"))
    assert np.array_equal(read_series(series).hu, read_series(original).hu)


@pytest.mark.parametrize("compressor", list(COMPRESSORS))
def test_a_truncated_compressed_slice_is_refused(
    series: Path, tmp_path: Path, compressor: str
) -> None:
    paths = sorted(series.iterdir())
    for path in paths:
        encapsulate(path, compressor, tmp_path / "scratch.dcm")
    paths[-1].write_bytes(paths[-1].read_bytes()[:-200])
    with pytest.raises(SeriesError) as caught:
        read_series(series)
    assert caught.value.reason in ("truncated", "undecodable")


def test_gantry_tilt_is_read_along_the_normal(series: Path, original: Path) -> None:
    cosine, sine = np.cos(np.deg2rad(20)), np.sin(np.deg2rad(20))
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.ImageOrientationPatient = [1, 0, 0, 0, round(cosine, 6), round(sine, 6)]
        dataset.save_as(path)
    tilted, upright = read_series(series), read_series(original)
    assert np.array_equal(tilted.hu, upright.hu)
    assert tilted.spacing_mm[0] == pytest.approx(upright.spacing_mm[0] * cosine, rel=1e-4)
