"""No operation that torch refuses on a GPU: found on the CPU, by the names of what runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from maknet.models.build import NETWORKS
from maknet.training.loop import Runtime, fit
from tests.gpu import test_scripts as scripts
from tests.gpu.files import drawn_images, first_logits, settled
from tests.gpu.test_training import TOYS, Toy

# What `torch.use_deterministic_algorithms` lists as an error on a GPU, and torchvision's own.
REFUSED = (
    "adaptive_avg_pool2d_backward", "adaptive_avg_pool3d_backward", "adaptive_max_pool2d_backward",
    "adaptive_max_pool3d_backward", "avg_pool3d_backward", "bincount", "ctc_loss_backward",
    "embedding_bag", "fractional_max_pool2d_backward", "fractional_max_pool3d_backward",
    "grid_sampler_2d_backward", "grid_sampler_3d_backward", "histc", "kthvalue", "max_unpool2d",
    "max_unpool3d", "median", "nll_loss_forward", "nll_loss2d_forward", "put_",
    "ps_roi_align_backward", "ps_roi_pool_backward", "reflection_pad1d_backward",
    "reflection_pad2d_backward", "reflection_pad3d_backward", "roi_align_backward",
    "roi_pool_backward", "upsample_bicubic2d_backward", "upsample_bicubic2d_aa_backward",
    "upsample_bilinear2d_backward", "upsample_bilinear2d_aa_backward",
    "upsample_linear1d_backward", "upsample_trilinear3d_backward",
)  # fmt: skip


class Names(TorchDispatchMode):
    """Collects the names of all operations, those of the backward pass too."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.seen.add(func.name().split("::")[-1].split(".")[0].lstrip("_"))
        return func(*args, **(kwargs or {}))


def refused(run: Callable[[], object]) -> set[str]:
    """Return the names of what a GPU would refuse."""
    with Names() as names:
        run()
    assert len(names.seen) > 5
    return names.seen & set(REFUSED)


def test_a_refused_operation_is_found() -> None:
    images = torch.rand(1, 2, 8, 8, requires_grad=True)
    found = refused(lambda: nn.functional.adaptive_max_pool2d(images, 2).sum().backward())
    assert found == {"adaptive_max_pool2d_backward"}


@pytest.mark.parametrize("toy", TOYS)
def test_trainings_are_not_refused(tmp_path: Path, toy: Toy) -> None:
    cpu = torch.device("cpu")
    recipe = toy[1](tmp_path, cpu)
    assert not refused(lambda: fit(toy[0](), recipe, Runtime(cpu, tmp_path / "events")))


@pytest.mark.parametrize("arch", NETWORKS)
def test_gradients_of_all_networks_are_not_refused(arch: str) -> None:
    network = settled(arch).train()
    assert not refused(lambda: first_logits(arch, network, drawn_images(4)).sum().backward())


@pytest.mark.parametrize("run", [scripts.labeled, scripts.explained])
def test_scripts_are_not_refused(tmp_path: Path, run: scripts.Run) -> None:
    assert not refused(lambda: run(tmp_path, "cpu"))
