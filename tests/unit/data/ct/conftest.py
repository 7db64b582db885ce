"""Three small slices that tests damage."""

import shutil
from pathlib import Path

import pytest

from tests.unit.data.ct.three_slices import write_slices


@pytest.fixture(scope="session")
def three_slices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The slices as they were written."""
    folder = tmp_path_factory.mktemp("three") / "series"
    write_slices(folder)
    return folder


@pytest.fixture
def slices(three_slices: Path, tmp_path: Path) -> Path:
    """A private copy."""
    return Path(shutil.copytree(three_slices, tmp_path / "series"))
