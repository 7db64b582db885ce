"""How fast the header of a CT slice is read, beside pydicom and other libraries.

One core, one run, the same files, way after way within each round, processor time. `ours` is what
jobs do, `parsed` the same with pydicom alone, as in any doubt. All others look at no tag: `pydicom`
and its lowest level, the generator of elements, and where they are installed dicomsdl, gdcm and
SimpleITK. Ratios are the result; microseconds are this machine's.

    python -m benchmarks.header                     # draws a series
    python -m benchmarks.header --folder DIR        # one of your own
"""

import argparse
import importlib.util
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pydicom
from pydicom.filereader import data_element_generator, read_preamble
from pydicom.uid import ImplicitVRLittleEndian

from maknet.dicom.header import NotAnImageError, NotDicomError, parse_header, read_header
from maknet.dicom.walk import walk
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series

PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


def pydicom_alone(path: Path) -> object:
    return pydicom.dcmread(path, stop_before_pixels=True)


def pydicom_elements(path: Path) -> object:
    """Read file meta and elements with pydicom's generator, which makes no data set."""
    with path.open("rb") as handle:
        read_preamble(handle, force=False)
        stop = data_element_generator(handle, False, True, lambda tag, *_: tag >> 16 != 2)
        meta = {int(element.tag): element for element in stop}
        syntax = meta[0x00020010].value
        implicit = syntax.rstrip(b"\0").decode() == ImplicitVRLittleEndian
        rest = data_element_generator(handle, implicit, True, lambda tag, *_: tag in PIXELS)
        return {int(element.tag): element for element in rest}


def others() -> dict[str, Callable[[Path], object]]:
    """Return the ways of those other libraries that are installed."""
    found: dict[str, Callable[[Path], object]] = {}
    if importlib.util.find_spec("dicomsdl"):
        import dicomsdl

        found["dicomsdl"] = lambda path: dicomsdl.open_file(str(path), load_until=0x7FE00000)
    if importlib.util.find_spec("gdcm"):
        import gdcm

        def with_gdcm(path: Path) -> object:
            reader = gdcm.Reader()
            reader.SetFileName(str(path))
            if not reader.ReadUpToTag(gdcm.Tag(0x7FE0, 0x0010)):
                raise RuntimeError(f"gdcm cannot read {path}")
            return reader

        found["gdcm"] = with_gdcm
    if importlib.util.find_spec("SimpleITK"):
        import SimpleITK as sitk  # noqa: N813 - the package's own abbreviation

        def with_simpleitk(path: Path) -> object:
            reader: Any = sitk.ImageFileReader()
            reader.SetFileName(str(path))
            reader.ReadImageInformation()
            return reader

        found["simpleitk"] = with_simpleitk
    return found


def measure(files: Sequence[Path], repeats: int) -> dict[str, object]:
    """Measure all ways in turn, `repeats` rounds; medians of times, and of ratios in a round."""
    ways: dict[str, Callable[[Path], object]] = {
        "ours": read_header, "parsed": parse_header, "pydicom": pydicom_alone,
        "pydicom_elements": pydicom_elements, **others(),
    }  # fmt: skip
    rounds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(repeats + 1):  # the first warms up
        for name, way in ways.items():
            start = time.process_time()
            for path in files:
                way(path)
            if number:
                rounds[name].append(1e6 * (time.process_time() - start) / len(files))
    ratios = {
        name: [theirs / ours for theirs, ours in zip(times, rounds["ours"], strict=True)]
        for name, times in rounds.items()
    }
    return {
        "files": len(files),
        "walked": sum(walk(path) is not None for path in files),
        "us_per_file": {name: round(statistics.median(v), 1) for name, v in rounds.items()},
        "times_of_ours": {name: round(statistics.median(v), 2) for name, v in ratios.items()},
    }


def is_image(path: Path) -> bool:
    """Return whether there is a header to read: an RTSTRUCT may lie beside the images."""
    try:
        read_header(path)
    except (NotDicomError, NotAnImageError):
        return False
    return True


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--folder", type=Path, help="a DICOM CT series; drawn by default")
    parser.add_argument("--repeats", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder
        if folder is None:
            folder = Path(scratch) / "series"
            write_series(PlannedSeries(0, "clean", PROTOCOLS[0], 3), folder, 64)
        files = sorted(path for path in folder.iterdir() if path.is_file() and is_image(path))
        result = measure(files, arguments.repeats)
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
