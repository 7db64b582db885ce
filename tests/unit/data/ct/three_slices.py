"""Three explicit little-endian slices, stored unsigned in 12 bits, and why they are refused."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import read_series
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series

WAVE = Path(__file__).parent / "files" / "wave_32x32.jls"
SIDE = 32
PIXEL_BYTES = 2 * SIDE * SIDE


def write_slices(folder: Path) -> None:
    write_series(PlannedSeries(0, "clean", PROTOCOLS[2], 5), folder, SIDE)
    paths = sorted(folder.iterdir())
    for path in paths[3:]:
        path.unlink()
    generator = np.random.default_rng(1)
    for path in paths[:3]:
        dataset = pydicom.dcmread(path)
        stored = generator.integers(0, 3000, (SIDE, SIDE)).astype("<u2")
        stored[0, :5] = 10  # line feeds
        dataset.PixelData = stored.tobytes()
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
        dataset.RescaleSlope, dataset.RescaleIntercept = "1", "-1024"
        if "PixelPaddingValue" in dataset:
            del dataset.PixelPaddingValue
        dataset.save_as(path)


def first(folder: Path) -> Path:
    return min(folder.iterdir())


def reason(folder: Path, max_bytes: int = 1 << 30) -> str:
    with pytest.raises(SeriesError) as caught:
        read_series(folder, max_bytes=max_bytes)
    assert "\n" not in str(caught.value)
    return str(caught.value.reason)


def rewrite(path: Path, syntax: str, **elements: object) -> None:
    dataset = pydicom.dcmread(path)
    if syntax == ExplicitVRBigEndian:
        dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
        dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    raw = Dataset({tag: dataset[tag] for tag in dataset.keys()})  # noqa: SIM118
    raw.file_meta = dataset.file_meta
    for name, value in elements.items():
        setattr(raw, name, value)
    pydicom.dcmwrite(path, raw, implicit_vr=syntax == ImplicitVRLittleEndian,
                     little_endian=syntax != ExplicitVRBigEndian,
                     enforce_file_format=True)  # fmt: skip


def compress(path: Path, syntax: str) -> None:
    dataset = pydicom.dcmread(path)
    if syntax == RLELossless:
        dataset.compress(RLELossless, generate_instance_uid=False)
    else:
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.PixelData = encapsulate([WAVE.read_bytes()])
        dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
