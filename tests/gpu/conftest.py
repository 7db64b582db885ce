"""Devices for tests that hold on all of them: the CPU always, a GPU where there is one.

`pytest -m gpu` runs what needs a GPU, and skips it elsewhere with the sentence that a user reads.
"""

from collections.abc import Iterator

import pytest
import torch

from maknet.errors import InputError
from maknet.models.device import open_device

BACKENDS = torch.backends.cudnn, torch.backends.cuda.matmul


def opened(name: str) -> Iterator[torch.device]:
    """Open a device as rules do, and put back afterwards what that sets."""
    before = [backend.allow_tf32 for backend in BACKENDS]
    try:
        device = open_device(name, torch.get_num_threads())
    except InputError as error:
        pytest.skip(str(error))
    yield device
    for backend, allowed in zip(BACKENDS, before, strict=True):
        backend.allow_tf32 = allowed


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """Each device in turn."""
    yield from opened(request.param)


@pytest.fixture(params=[pytest.param("cuda", marks=pytest.mark.gpu)])
def gpu(request: pytest.FixtureRequest) -> Iterator[torch.device]:
    """A GPU, for what exists nowhere else."""
    yield from opened(request.param)
