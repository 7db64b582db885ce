"""Mutated files end in a value or in the project's own error, never in anything else."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maknet.data.ct.reasons import SeriesError
from maknet.data.ct.series import Volume, read_series
from maknet.data.deeplesion.png import ImageUnreadableError, read_png
from maknet.phantom.archive import PROTOCOLS, PlannedSeries, write_series


@st.composite
def mutations(draw: st.DrawFn) -> tuple[list[tuple[float, int]], float | None]:
    """Bytes to overwrite at places in [0, 1) of the file, and where to cut it."""
    place = st.floats(0, 1, exclude_max=True)
    changes = draw(st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=8))
    return changes, draw(st.none() | place)


def mutate(content: bytes, how: tuple[list[tuple[float, int]], float | None], span: int) -> bytes:
    changes, cut = how
    mutated = bytearray(content)
    for place, value in changes:
        mutated[int(place * min(span, len(mutated)))] = value
    return bytes(mutated if cut is None else mutated[: int(cut * len(mutated))])


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "series"
    write_series(PlannedSeries(0, "clean", PROTOCOLS[2], 9), folder, 16)
    for path in sorted(folder.iterdir())[3:]:  # three slices are quick to read
        path.unlink()
    return folder


@settings(max_examples=400)
@given(mutations())
def test_dicom(series: Path, tmp_path_factory: pytest.TempPathFactory, how: object) -> None:
    target = series.parent / "mutated"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(series, target)
    path = sorted(target.iterdir())[1]
    path.write_bytes(mutate(path.read_bytes(), how, span=1400))  # type: ignore[arg-type]
    try:
        volume = read_series(target)
    except SeriesError:
        return
    assert isinstance(volume, Volume)
    assert np.isfinite(volume.positions_mm).all()
    assert min(volume.spacing_mm) > 0
    assert len(volume.hu) == len(volume.positions_mm) >= 2


@settings(max_examples=300)
@given(mutations())
def test_png(tmp_path_factory: pytest.TempPathFactory, how: object) -> None:
    folder = tmp_path_factory.getbasetemp() / "png"
    folder.mkdir(exist_ok=True)
    stored = np.random.default_rng(0).integers(31000, 34000, (24, 24)).astype(np.uint16)
    Image.fromarray(stored).save(folder / "a.png")
    mutated = mutate((folder / "a.png").read_bytes(), how, span=2000)  # type: ignore[arg-type]
    (folder / "b.png").write_bytes(mutated)
    try:
        hu = read_png(folder / "b.png")
    except ImageUnreadableError:
        return
    assert hu.dtype == np.int16
    assert hu.ndim == 2
