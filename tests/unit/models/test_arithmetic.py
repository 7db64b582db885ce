"""Steps of a training: which batches are compiled, what they share, who is refused."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from maknet.errors import InputError
from maknet.files import ROOT
from maknet.models import arithmetic
from maknet.models.arithmetic import Arithmetic, StepNetwork, check_compiler
from maknet.models.build import build_network

CPU = torch.device("cpu")
BOX = torch.tensor([2.0, 3.0, 20.0, 30.0])
NETWORKS: dict[str, dict[str, Any]] = {
    "maknet": {"width": 0.125, "widths": [64, 128], "layers": [1, 2]},
    "resnet18": {"width": 0.125}, "vgg16": {"width": 0.0625},
    "lesanet": {"width": 0.0625, "features": 8, "embedding": 8},
}  # fmt: skip


def test_only_what_is_not_plain_is_named() -> None:
    assert Arithmetic().named() == {}
    assert Arithmetic("bfloat16").named() == {"precision": "bfloat16"}
    assert Arithmetic("float32", compiled=True).named() == {"compiled": True}


def test_a_small_last_batch_is_not_compiled_and_counts_in_the_same_statistics(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = []

    def recorded(network: nn.Module) -> Callable[[Tensor], Tensor]:
        def call(images: Tensor) -> Tensor:
            sizes.append(len(images))
            return network(images)

        return call

    monkeypatch.setattr(arithmetic, "_compiled", recorded)
    network, plain = nn.BatchNorm2d(3).train(), nn.BatchNorm2d(3).train()
    step = StepNetwork(network, Arithmetic(compiled=True), 8)
    for images in torch.rand(29, 3, 4, 4).split(8):
        step(images)
        plain(images)
    assert sizes == [8, 8, 8]
    seen, expected = network.state_dict(), plain.state_dict()
    assert seen["num_batches_tracked"] == 4
    assert all(torch.equal(value, expected[name]) for name, value in seen.items())


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_a_step_has_its_precision(kind: torch.dtype) -> None:
    network = nn.Conv2d(3, 4, 3)
    step = StepNetwork(network, Arithmetic(str(kind).removeprefix("torch.")), 2)
    assert step(torch.rand(2, 3, 8, 8)).dtype == kind
    assert network.weight.dtype == torch.float32


@pytest.fixture
def compiler() -> None:
    """Skip where this machine cannot compile."""
    try:
        check_compiler(CPU)
    except InputError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize(
    ("arch", "precision"), [*((arch, "float32") for arch in NETWORKS), ("lesanet", "bfloat16")]
)
def test_a_compiled_step_is_the_plain_one_but_for_rounding(arch: str, precision: str) -> None:
    """The same draws of dropout, in one graph, twice the same, and never compiled anew."""
    torch._dynamo.reset()
    torch.manual_seed(1)
    network = build_network(arch, 5, **NETWORKS[arch]).to(memory_format=torch.channels_last)
    started = {name: value.clone() for name, value in network.train().state_dict().items()}
    images = torch.rand(4, 3, 64, 64).contiguous(memory_format=torch.channels_last)
    more = (BOX.repeat(4, 1),) if arch == "lesanet" else ()
    ways = [StepNetwork(network, Arithmetic(precision, compiled), 4) for compiled in (False, True)]
    found = []
    with torch._dynamo.config.patch(error_on_recompile=True):
        for step in (*ways, ways[1]):
            network.load_state_dict(started)
            network.zero_grad(set_to_none=True)
            torch.manual_seed(3)
            sum(out.float().square().mean() for out in step(images, *more)).backward()
            parts = [p.grad.flatten() for p in network.parameters() if p.grad is not None]
            found.append(torch.cat(parts))
    plain, compiled, again = found
    assert torch.equal(compiled, again)
    nearness = torch.cosine_similarity(plain, compiled, dim=0)
    # Rounding decides between pixels of a maximum that are nearly alike.
    assert nearness > (0.999 if precision == "float32" else 0.9)


REFUSED = """
import torch
from maknet.errors import InputError
from maknet.models.arithmetic import check_compiler
try:
    check_compiler(torch.device("cpu"))
except InputError as error:
    print(error)
"""


@pytest.mark.slow
def test_a_machine_without_a_compiler_is_refused_in_a_sentence(tmp_path: Path) -> None:
    """Whatever was compiled there before."""
    alone = {**os.environ, "CXX": str(tmp_path / "none"), "PATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", REFUSED], cwd=ROOT, env=alone, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "jobs.compile: true is not possible here: torch cannot compile for cpu" in done.stdout
    assert "or set jobs.compile: false." in done.stdout
    assert done.stdout.count("\n") == 1
