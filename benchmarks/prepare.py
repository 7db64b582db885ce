"""How fast a CT series becomes training images, beside a floor and two usual ways.

One core, one run, the same files: (a) the floor, reading the files into a buffer and copying it
once; (b) SimpleITK's ImageSeriesReader, window and resample; (c) a loop as in LesaNet's released
code: one slice at a time in floats, a 7 x 7 opening, an area resize. Ratios are the result;
milliseconds are this machine's.

    python -m benchmarks.prepare                     # draws a 512 x 512 series
    python -m benchmarks.prepare --folder DIR        # one of your own
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk  # noqa: N813
import torch
from scipy import ndimage

from maknet.data.ct.preprocess import ImageSettings, crop_box, prepare_volume, resize, window_hu
from maknet.data.ct.series import read_series
from maknet.data.shards.shard import write_shard
from maknet.dicom.header import read_header
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series

SETTINGS = ImageSettings()
LOW, HIGH = SETTINGS.window_hu


def floor(files: Sequence[Path]) -> None:
    """Read every file into one buffer and copy it once."""
    buffer = bytearray(max(f.stat().st_size for f in files))
    for path in files:
        with path.open("rb", buffering=0) as handle:
            count = handle.readinto(buffer)
        np.frombuffer(buffer, np.uint8, count).copy()


def simpleitk(files: Sequence[Path]) -> None:
    """Read, window and resample with SimpleITK alone, without a crop."""
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files[0].parent)))
    volume = reader.Execute()
    image = sitk.Cast(sitk.IntensityWindowing(volume, LOW, HIGH, 0, 255), sitk.sitkUInt8)
    old, size = volume.GetSize(), [SETTINGS.size, SETTINGS.size, volume.GetSize()[2]]
    spacing = [s * n / m for s, n, m in zip(volume.GetSpacing(), old, size, strict=True)]
    resampled = sitk.Resample(
        image, size, sitk.Transform(), sitk.sitkLinear, volume.GetOrigin(), spacing,
        volume.GetDirection(), 0, sitk.sitkUInt8,
    )  # fmt: skip
    sitk.GetArrayFromImage(resampled)


def lesanet_style(files: Sequence[Path]) -> None:
    """One slice at a time: floats, mask with a 7 x 7 opening, crop, area resize."""
    for path in files:
        dataset = pydicom.dcmread(path)
        hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        mask = ndimage.binary_opening(hu > -768, np.ones((7, 7)))
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        body = hu[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else hu
        gray = np.clip((body - LOW) / (HIGH - LOW), 0, 1).astype(np.float32) * 255
        torch.nn.functional.interpolate(
            torch.from_numpy(gray)[None, None], (SETTINGS.size, SETTINGS.size), mode="area"
        ).numpy()


def ours(files: Sequence[Path]) -> None:
    """What a job does: read, prepare, write the shard."""
    images = prepare_volume(read_series(files[0].parent), SETTINGS).images
    with tempfile.TemporaryDirectory() as folder:
        write_shard(Path(folder) / "s.npy", images)


def stages(files: Sequence[Path]) -> dict[str, Callable[[], object]]:
    """Return the parts of `ours`, to see what is left."""
    hu = read_series(files[0].parent).hu
    middle = len(hu) // 2
    box = crop_box(hu[middle : middle + 3], SETTINGS)
    top, bottom, left, right = box or (0, hu.shape[1], 0, hu.shape[2])
    crop = hu[:, top:bottom, left:right]
    gray = window_hu(crop, SETTINGS.window_hu)
    groups = range(0, len(hu) - 2, 3)
    return {
        "headers": lambda: [read_header(path) for path in files],
        "headers and pixels": lambda: read_series(files[0].parent),
        "crop": lambda: [crop_box(hu[i : i + 3], SETTINGS) for i in groups],
        "window": lambda: [window_hu(crop[i : i + 3], SETTINGS.window_hu) for i in groups],
        "resize": lambda: [resize(gray[i : i + 3], SETTINGS.size) for i in groups],
    }


def milliseconds(work: Callable[[], object], slices: int, repeats: int) -> float:
    """Return the median processor time of a slice."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1e3 * statistics.median(times) / slices


def measure(folder: Path, repeats: int) -> dict[str, object]:
    """Measure all ways on one series."""
    files = sorted(p for p in folder.iterdir() if p.is_file())
    count = len(files)
    ways = {"floor": floor, "simpleitk": simpleitk, "lesanet_style": lesanet_style, "ours": ours}
    cost = {n: milliseconds(lambda w=w: w(files), count, repeats) for n, w in ways.items()}
    parts = {n: milliseconds(w, count, repeats) for n, w in stages(files).items()}
    return {
        "slices": count,
        "ms_per_slice": {name: round(value, 3) for name, value in cost.items()},
        "stages_ms_per_slice": {name: round(value, 3) for name, value in parts.items()},
        "slices_per_second": round(1e3 / cost["ours"]),
        "part_of_the_floor": round(cost["floor"] / cost["ours"], 3),
        "times_faster_than_simpleitk": round(cost["simpleitk"] / cost["ours"], 1),
        "times_faster_than_lesanet_style": round(cost["lesanet_style"] / cost["ours"], 1),
    }


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="a DICOM CT series; drawn by default")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder
        if folder is None:
            folder = Path(scratch) / "series"
            write_series(PlannedSeries(0, "clean", PROTOCOLS[0], 3), folder, 512)
        result = measure(folder, arguments.repeats)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
