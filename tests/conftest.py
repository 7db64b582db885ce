"""What all tests share: guarded random state, small phantoms, the real inputs where they are."""

import os
import random
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from maknet.files import ROOT

settings.register_profile(
    "tests", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")
torch.set_num_threads(1)
# One worker makes the run of all rules for this file while the others test without that run.
FIRST = ROOT / "tests/workflow/test_mini.py"
SLURM = "tests/slurm/"


class GroupScheduling(LoadFileScheduling):
    """A worker takes one file at a time; one takes all on Slurm, whose jobs share one node."""

    def _split_scope(self, nodeid: str) -> str:
        return SLURM if nodeid.startswith(SLURM) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling | None:
    """Give out tests by file, unless another way was asked for."""
    return GroupScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the file that makes the finished run first, and those that wait for the run last."""
    sharing = {item.path for item in items if "finished" in getattr(item, "fixturenames", ())}

    def place(item: pytest.Item) -> int:
        return -1 if item.path == FIRST else int(item.path in sharing)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def guarded_state() -> Iterator[None]:
    """Put back every global generator and torch's determinism after each test."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    environment = dict(os.environ)
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.manual_seed(0)
    yield
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])
    torch.use_deterministic_algorithms(deterministic)
    os.environ.clear()
    os.environ.update(environment)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "local"
        if host not in ("local", "127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real inputs that MAKNET_REAL_DATA names; tests that need them skip without."""
    folder = Path(os.environ.get("MAKNET_REAL_DATA", ROOT.parent / "shared" / "real"))
    if not folder.is_dir():
        pytest.skip("no real inputs: set MAKNET_REAL_DATA to run this test")
    return folder


@pytest.fixture(scope="session")
def phantom_archive(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One small synthetic series of each kind, by kind."""
    from maknet.phantom.archive import NUISANCES, planned_archive, write_series

    root = tmp_path_factory.mktemp("archive")
    folders = {}
    for planned in planned_archive(5, 4, dict.fromkeys(NUISANCES, 1)):
        kind = planned.kind if planned.kind != "clean" else f"clean{planned.number}"
        folders[kind] = root / planned.series_uid
        write_series(planned, folders[kind], 64)
    return folders


@pytest.fixture(scope="session")
def phantom_lesions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic DeepLesion folder."""
    from maknet.phantom.deeplesion import LabelNoise, write_deeplesion

    folder = tmp_path_factory.mktemp("deeplesion")
    patients = {"train": 8, "val": 4, "test": 4, "hand": 4}
    write_deeplesion(folder, 3, patients, 2, 64, LabelNoise(noisy=0.1))
    return folder


@pytest.fixture
def edit_dicom() -> Callable[..., None]:
    """Return a function that changes elements of one DICOM file in place; None deletes."""
    import pydicom

    def edit(path: Path, **elements: object) -> None:
        dataset = pydicom.dcmread(path)
        for name, value in elements.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        dataset.save_as(path)

    return edit
