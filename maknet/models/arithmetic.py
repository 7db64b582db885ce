"""How the forward and backward passes of a training are computed: precision, and compiled or not.

Only training is computed so: scores are float32 from the network as it is, on every device. B
images of a batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from maknet.errors import InputError
from maknet.models.device import mixed_precision

_SHOWN = 8  # images


@dataclass(frozen=True)
class Arithmetic:
    """Settings of the passes; each other value is another result.

    Attributes:
        precision: `float32`, or `bfloat16` by autocast: weights and their updates stay float32.
        compiled: Whether batches of the usual size run through torch.compile.
    """

    precision: str = "float32"
    compiled: bool = False

    def named(self) -> dict[str, Any]:
        """Return what differs from the plain network in float32, for `network.json`.

        The plain one has no entry, so that what was trained before stays what it is.
        """
        found: dict[str, Any] = {}
        if self.precision != "float32":
            found["precision"] = self.precision
        if self.compiled:
            found["compiled"] = True
        return found


class StepNetwork:
    """A network as the steps of a training call it.

    A compiled network is made for one size of batch. The last batch of an epoch, where it is a
    smaller one, runs through the network as it is: another size would be compiled anew, and
    padding would enter the statistics of batch normalization. Which batches these are depends on
    their size alone, so that a resumed training computes each step as one that was never stopped.
    Both share all weights and statistics.

    Args:
        network: Network that is trained.
        arithmetic: How its passes are computed.
        batch_size: B of all batches but an epoch's last.

    Attributes:
        first_images: A few images of the first batch, middle slice, (N, 1, S, S); None before.
    """

    def __init__(self, network: nn.Module, arithmetic: Arithmetic, batch_size: int) -> None:
        self._network, self._precision = network, arithmetic.precision
        self._batch_size = batch_size
        self._full = _compiled(network) if arithmetic.compiled else network
        self._is_first = True
        self.first_images: Tensor | None = None

    def __call__(self, images: Tensor, *more: Tensor) -> Any:  # noqa: ANN401 - by network
        """Return the network's output for a batch, (B, C, S, S), and what else it takes."""
        if self._is_first:
            middle = images[:_SHOWN, images.shape[1] // 2, None]
            # A copy: the next step may overwrite the images.
            self.first_images, self._is_first = middle.detach().float().cpu().clone(), False
        step = self._full if len(images) == self._batch_size else self._network
        with mixed_precision(images.device, self._precision):
            return step(images, *more)


def _compiled(network: nn.Module) -> Callable[..., Any]:
    """Return a network compiled whole, for shapes as they come first.

    Dropout is drawn as the plain network draws it. `deterministic` forbids the compiler to choose
    kernels by how long they take here and now, which would be another sum in the next process.
    """
    options: dict[str, Any] = {
        "fallback_random": True, "deterministic": True, "compile_threads": torch.get_num_threads(),
    }  # fmt: skip
    compiled: Callable[..., Any] = torch.compile(
        network, fullgraph=True, dynamic=False, options=options
    )
    return compiled


def check_compiler(device: torch.device) -> None:
    """Compile a sum, so that a machine that cannot is refused before a training starts.

    Raises:
        InputError: There is no compiler for the device, or it does not work.
    """
    options: dict[str, Any] = {"fx_graph_cache": False}  # what was compiled before proves nothing
    compiled = torch.compile(_sum, dynamic=False, options=options)
    try:
        compiled(torch.ones(64, device=device))
    except (RuntimeError, ImportError, OSError) as error:
        cause = getattr(error, "inner_exception", error)  # torch names the backend first
        reason = next(filter(None, str(cause).splitlines()), type(cause).__name__)
        tool = "triton and a C compiler" if device.type == "cuda" else "a C++ compiler"
        raise InputError(
            f"jobs.compile: true is not possible here: torch cannot compile for {device.type} "
            f"({reason[:200].rstrip('. ')}); install {tool} (Debian's g++), or set "
            "jobs.compile: false."
        ) from error


def _sum(values: Tensor) -> Tensor:
    return (values * 2).sum()
