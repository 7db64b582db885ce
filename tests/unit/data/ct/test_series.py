"""Reading: HU against SimpleITK, order along the normal, and one reason for each refusal."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.uid import RTStructureSetStorage

from maknet.data.ct.geometry import GeometryRules
from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import read_series
from maknet.errors import InputError
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series

Edit = Callable[..., None]


@pytest.fixture
def series(phantom_archive: dict[str, Path], tmp_path: Path) -> Path:
    """A private copy of a clean series."""
    source = next(folder for kind, folder in phantom_archive.items() if kind.startswith("clean"))
    return Path(shutil.copytree(source, tmp_path / "series"))


def reason(folder: Path) -> str:
    with pytest.raises(SeriesError) as caught:
        read_series(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value.reason)


def simpleitk_hu(folder: Path) -> np.ndarray:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return np.asarray(sitk.GetArrayFromImage(reader.Execute()))


def test_hu_equals_simpleitk_for_every_manufacturer(tmp_path: Path) -> None:
    seen = set()
    for number in range(40):
        planned = PlannedSeries(number, "clean", PROTOCOLS[2], seed=1)
        folder = tmp_path / str(number)
        write_series(planned, folder, 32)
        first = pydicom.dcmread(next(folder.iterdir()))
        if first.Manufacturer not in seen:
            seen.add(first.Manufacturer)
            # SimpleITK keeps halves where the slope is 0.5.
            assert np.array_equal(read_series(folder).hu, np.rint(simpleitk_hu(folder)))
        if len(seen) == 4:
            return
    pytest.fail(f"only {seen} were drawn")


@pytest.mark.parametrize("kind", ["rle", "scout_inside"])
def test_compressed_series_and_series_with_a_scout_are_read(
    phantom_archive: dict[str, Path], kind: str
) -> None:
    volume = read_series(phantom_archive[kind])
    assert len(volume.hu) > 50
    assert volume.left_out == ({"localizer": 1} if kind == "scout_inside" else {})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("scout_only", "localizer"),
        ("coronal", "not_axial"),
        ("missing_slice", "missing_slices"),
        ("duplicate_slice", "duplicate_positions"),
    ],
)
def test_nuisances_are_refused(phantom_archive: dict[str, Path], kind: str, expected: str) -> None:
    assert reason(phantom_archive[kind]) == expected


def test_order_follows_positions_and_nothing_else(series: Path, edit_dicom: Edit) -> None:
    expected = read_series(series)
    for number, path in enumerate(sorted(series.iterdir())):
        edit_dicom(path, InstanceNumber=number * 7 % 13, SliceLocation="0")
        path.rename(path.with_name(f"{number * 31 % 97:03d}.dcm"))
    volume = read_series(series)
    assert np.array_equal(volume.hu, expected.hu)
    assert (np.diff(volume.positions_mm) > 0).all()


def test_geometry_is_that_of_the_files(series: Path) -> None:
    volume, first = read_series(series), pydicom.dcmread(next(series.iterdir()))
    assert volume.spacing_mm[1:] == tuple(map(float, first.PixelSpacing))
    assert volume.spacing_mm[0] == pytest.approx(float(first.SliceThickness))
    assert volume.series_uid == first.SeriesInstanceUID
    assert volume.hu.dtype == np.int16
    assert len(volume.positions_mm) == len(volume.hu)


def test_files_without_pixels_and_texts_are_left_out(series: Path) -> None:
    (series / "LICENSE").write_text("CC BY")
    path = next(iter(sorted(series.glob("*.dcm"))))
    structure = pydicom.dcmread(path)
    for name in ("Rows", "Columns", "PixelData"):
        delattr(structure, name)
    structure.Modality = "RTSTRUCT"
    structure.SOPClassUID = structure.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    structure.save_as(series / "structures")
    assert read_series(series).left_out == {"not_dicom": 1, "not_an_image": 1}


def test_a_file_that_claims_to_be_dicom_is_refused(series: Path) -> None:
    (series / "x.dcm").write_text("<html>not found</html>")
    assert reason(series) == "not_dicom"


def test_a_truncated_file_is_refused(series: Path) -> None:
    path = next(series.iterdir())
    path.write_bytes(path.read_bytes()[:-100])
    assert reason(series) == "truncated"


@pytest.mark.parametrize("size", [0, 132, 200, 400, 700, 1000])
@pytest.mark.parametrize("suffix", [".dcm", ""])
def test_an_end_slice_that_breaks_off_refuses_the_series(
    series: Path, size: int, suffix: str
) -> None:
    path = max(series.iterdir())
    whole = path.read_bytes()
    path.unlink()
    path.with_suffix(suffix).write_bytes(whole[:size])
    assert reason(series) == "truncated"


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({"Modality": "MR"}, "not_ct"),
        ({"SeriesInstanceUID": "1.2.3"}, "mixed_series"),
        ({"NumberOfFrames": 2}, "multiframe"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MPR"]}, "reformatted"),
        ({"PhotometricInterpretation": "MONOCHROME1"}, "not_monochrome2"),
        ({"ImagePositionPatient": None}, "missing_geometry"),
        ({"RescaleIntercept": None}, "missing_rescale"),
        ({"PixelSpacing": [1, 1]}, "mixed_geometry"),
        ({"PixelData": b"\0" * 10}, "truncated"),
        ({"SamplesPerPixel": 3}, "undecodable"),
        ({"Rows": 0}, "implausible_header"),
        ({"Rows": 32}, "mixed_geometry"),
        ({"BitsStored": 0}, "implausible_header"),
        ({"PixelSpacing": [0, 0]}, "implausible_header"),
    ],
)
def test_one_bad_slice_refuses_the_series(
    series: Path, edit_dicom: Edit, elements: dict[str, object], expected: str
) -> None:
    edit_dicom(next(iter(sorted(series.iterdir()))), **elements)
    assert reason(series) == expected


def test_an_empty_folder_and_no_folder(tmp_path: Path) -> None:
    assert reason(tmp_path) == "no_images"
    with pytest.raises(InputError, match="is not a folder"):
        read_series(tmp_path / "none")


def test_gaps_are_as_wide_as_the_rules_allow(phantom_archive: dict[str, Path]) -> None:
    folder = phantom_archive["missing_slice"]
    assert len(read_series(folder, GeometryRules(max_gap_ratio=2.5)).hu) > 50


def test_bright_padding_becomes_air(series: Path, edit_dicom: Edit) -> None:
    # Unsigned storage turns a padding of -2000 into 63536, which must not become +62512 HU.
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        stored = np.full((dataset.Rows, dataset.Columns), 1024, np.uint16)
        stored[0] = 63536
        dataset.add_new("PixelPaddingValue", "US", 63536)
        dataset.PixelRepresentation = 0
        dataset.save_as(path)
        edit_dicom(path, BitsStored=16, HighBit=15, RescaleSlope="1", RescaleIntercept="-1024",
                   PixelData=stored.tobytes())  # fmt: skip
    hu = read_series(series).hu
    assert (hu[:, 0] == -1024).all()
    assert (hu[:, 1:] == 0).all()


@pytest.mark.parametrize("intercept", [-32768, -32769, -40000, -65000])
def test_an_intercept_beyond_16_bits_is_added(
    series: Path, edit_dicom: Edit, intercept: int
) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        stored = np.full((dataset.Rows, dataset.Columns), 40 - intercept, np.uint16)
        dataset.PixelRepresentation = 0
        dataset.save_as(path)
        edit_dicom(path, BitsStored=16, HighBit=15, RescaleSlope="1",
                   RescaleIntercept=str(intercept), PixelData=stored.tobytes())  # fmt: skip
    assert (read_series(series).hu == 40).all()


def test_padding_that_could_be_tissue_stays(series: Path, edit_dicom: Edit) -> None:
    # Pixels of 0 HU are water wherever the padding value is 0 and the intercept is 0.
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        stored = np.zeros((dataset.Rows, dataset.Columns), np.int16)
        dataset.add_new("PixelPaddingValue", "SS", 0)
        dataset.PixelRepresentation = 1
        dataset.save_as(path)
        edit_dicom(path, BitsStored=16, HighBit=15, RescaleSlope="1", RescaleIntercept="0",
                   PixelData=stored.tobytes())  # fmt: skip
    assert (read_series(series).hu == 0).all()


def test_a_tremble_of_the_orientation_is_no_mixed_geometry(series: Path, edit_dicom: Edit) -> None:
    path = next(series.iterdir())
    edit_dicom(path, ImageOrientationPatient=[1, 0.0005001, 0, -0.0004999, 1, 0])
    assert len(read_series(series).hu) > 50


def test_a_smaller_matrix_than_the_pixels_is_refused(series: Path, edit_dicom: Edit) -> None:
    for path in series.iterdir():
        edit_dicom(path, Rows=32)
    assert reason(series) == "undecodable"


def test_bits_above_the_stored_ones_are_no_part_of_the_value(
    series: Path, edit_dicom: Edit
) -> None:
    # Old scanners keep overlays there.
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        stored = np.full((dataset.Rows, dataset.Columns), 0xF000 | 1100, np.uint16)
        if "PixelPaddingValue" in dataset:
            del dataset.PixelPaddingValue
            dataset.save_as(path)
        edit_dicom(path, PixelRepresentation=0, BitsStored=12, HighBit=11, RescaleSlope="1",
                   RescaleIntercept="-1024", PixelData=stored.tobytes())  # fmt: skip
    assert (read_series(series).hu == 76).all()


@pytest.mark.parametrize(("slope", "expected"), [("1", None), ("-1", -32768)])
def test_values_beyond_int16_are_refused_above_and_clipped_below(
    series: Path, edit_dicom: Edit, slope: str, expected: int | None
) -> None:
    for path in series.iterdir():
        dataset = pydicom.dcmread(path)
        stored = np.full((dataset.Rows, dataset.Columns), 60000, np.uint16)
        if "PixelPaddingValue" in dataset:
            del dataset.PixelPaddingValue
            dataset.save_as(path)
        edit_dicom(path, PixelRepresentation=0, BitsStored=16, HighBit=15, RescaleSlope=slope,
                   RescaleIntercept="0", PixelData=stored.tobytes())  # fmt: skip
    if expected is None:
        with pytest.raises(SeriesError, match="60000 HU is brighter than any CT"):
            read_series(series)
    else:
        assert (read_series(series).hu == expected).all()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("abdomen_jpeg2000", (20, 512, 512)),
        ("head_neck", (90, 511, 511)),
        ("chest_crop_1", (60, 201, 204)),
        ("chest_crop_2", (41, 138, 141)),
    ],
)
def test_real_series_equal_simpleitk(real_data: Path, name: str, shape: tuple[int, ...]) -> None:
    folder = real_data / "ct" / name
    volume = read_series(folder)
    assert volume.hu.shape == shape
    assert np.array_equal(volume.hu, simpleitk_hu(folder))


def test_what_headers_say_of_the_scan_tells_no_time(series: Path, edit_dicom: Edit) -> None:
    for path in series.glob("*.dcm"):
        edit_dicom(path, AcquisitionDate="20190503", AcquisitionTime="101112.5",
                   StudyInstanceUID="1.2.3", FrameOfReferenceUID="1.2.4")  # fmt: skip
    scan = read_series(series).scan
    assert (scan.study_uid, scan.frame_uid) == ("1.2.3", "1.2.4")
    assert re.fullmatch("[0-9a-f]{4}", scan.acquisition)
    first = min(series.glob("*.dcm"))
    edit_dicom(first, AcquisitionTime="101113.5", FrameOfReferenceUID=None)
    changed = read_series(series).scan
    assert (changed.study_uid, changed.frame_uid, changed.acquisition) == ("1.2.3", "", "")
