"""The synthetic series are what the manifest says, and what pydicom would have written."""

import itertools
from io import BytesIO

import pydicom
import pytest

from maknet.config.manifest import ManifestSeries
from tests.rehearsal.series import MATRIX, kind_of, series_files


def listed(uid: str, images: int = 70) -> ManifestSeries:
    return ManifestSeries(
        uid, "batch0000", images, 0, "CC BY 3.0", "", "lidc_idri", "", patient="P1"
    )


def uid_of(kind: str) -> str:
    return next(uid for uid in (f"1.2.{n}" for n in range(100_000)) if kind_of(uid) == kind)


@pytest.mark.parametrize("images", [51, 70, 1200])
def test_headers_are_valid_and_say_where_each_slice_is(images: int) -> None:
    files = series_files(listed("1.2.840.1", images))
    assert len(files) == images
    assert files == series_files(listed("1.2.840.1", images))
    read = [pydicom.dcmread(BytesIO(content)) for content in files.values()]
    assert {item.SeriesInstanceUID for item in read} == {"1.2.840.1"}
    assert len({item.SOPInstanceUID for item in read}) == images
    assert all(item.SOPInstanceUID == item.file_meta.MediaStorageSOPInstanceUID for item in read)
    assert all(item.pixel_array.shape == (MATRIX, MATRIX) for item in read)
    assert all(abs(item.ImagePositionPatient[2] - item.SliceLocation) < 0.01 for item in read)
    assert sorted(item.InstanceNumber for item in read) == list(range(1, images + 1))
    levels = sorted(item.ImagePositionPatient[2] for item in read)
    steps = {round(b - a, 2) for a, b in itertools.pairwise(levels)}
    assert max(steps) - min(steps) < 0.02
    assert 0.2 < min(steps) < 10.5


def test_a_few_thousandths_carry_the_nuisances_of_real_archives() -> None:
    kinds = [kind_of(f"1.2.3.{n}") for n in range(4000)]
    assert 8 < sum(kind != "clean" for kind in kinds) < 40
    scout = series_files(listed(uid_of("scout_inside")))
    types = [pydicom.dcmread(BytesIO(content)).ImageType[2] for content in scout.values()]
    assert types.count("LOCALIZER") == 1
    packed = pydicom.dcmread(BytesIO(next(iter(series_files(listed(uid_of("rle"))).values()))))
    assert packed.file_meta.TransferSyntaxUID.is_compressed
    twice = series_files(listed(uid_of("duplicate_slice"))).values()
    places = {tuple(pydicom.dcmread(BytesIO(c)).ImagePositionPatient) for c in twice}
    assert len(places) == 69
