"""What a step computes and moves, what a device reaches here, and what its maker says of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.train import How, Timed, rates
from maknet.files import ROOT, read_rows

DEVICES = ROOT / "benchmarks/rates/devices.csv"
# Operators that write over their first argument without reading it; they return it as well.
_OVERWRITING = ("aten::copy_", "aten::fill_", "aten::zero_", "aten::normal_", "aten::uniform_")


class CountedBytes(TorchDispatchMode):
    """Counts the bytes that operators read and write, as though no cache held any of them.

    Fused operators move fewer: this is the traffic of the network as it is, not of a compiled one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401 - torch's
        """Run an operator; views and memory that nothing is written to move no bytes."""
        out = func(*args, **(kwargs or {}))
        if not func.is_view and "empty" not in func.name():
            written = () if func.name().split(".")[0] in _OVERWRITING else out
            moved = [t for t in tree_leaves((args, kwargs, written)) if isinstance(t, Tensor)]
            self.total += sum(
                min(t.numel() * t.element_size(), t.untyped_storage().nbytes()) for t in moved
            )
        return out


def counted(step: Callable[[], object]) -> tuple[float, float]:
    """Return the floating-point operations of a step's matrix products, and the bytes it moves."""
    with FlopCounterMode(display=False) as operations:
        step()
    with CountedBytes() as moved:
        step()
    return float(operations.get_total_flops()), float(moved.total)


def reached(how: How) -> dict[str, float]:
    """Measure what the device makes of a large product in bfloat16, and of a copy in its memory."""
    side, count = (8192, 1 << 28) if how.device.type == "cuda" else (256, 1 << 20)
    a, b = (torch.rand(side, side, device=how.device, dtype=torch.bfloat16) for _ in range(2))
    source = torch.rand(count, device=how.device)
    target = torch.empty_like(source)

    def multiply() -> int:
        for _ in range(10):
            a @ b
        return 10 * 2 * side**3

    def copy() -> int:
        for _ in range(10):
            target.copy_(source)
        return 10 * 2 * source.nbytes

    ways: Timed = {"product": multiply, "copy": copy}
    found = rates(ways, how.repeats, how.device)
    return {
        "product_bf16_tflops": found["product"] / 1e12, "copy_gb_s": found["copy"] / 1e9,
    }  # fmt: skip


def device_name(device: torch.device) -> str:
    """Return the name that a GPU gives itself, `cpu` for the CPU."""
    return torch.cuda.get_device_name() if device.type == "cuda" else device.type


def makers_peak(name: str, table: Path = DEVICES) -> dict[str, float] | None:
    """Return the maker's bf16 peak and bandwidth of a device, None for one that is not listed.

    A part of a device (MIG) has a name of its own and is not listed.
    """
    for row in read_rows(table):
        if row["device"] == name:
            return {key: float(row[key]) for key in ("bf16_tflops", "bandwidth_gb_s")}
    return None


def parts(
    rate: float, operations: float, moved: float, peak: dict[str, float] | None
) -> dict[str, float]:
    """Return what a network computes and moves a second, and which part of a peak that is.

    Args:
        rate: Steps a second.
        operations: Floating-point operations of a step.
        moved: Bytes of a step; 0 where they are not known, as of a compiled one.
        peak: The maker's peak, without what does not apply; None where it is not known.
    """
    found, peak = {"tflops": rate * operations / 1e12}, peak or {}
    if moved:
        found["gb_s"] = rate * moved / 1e9
    if "bf16_tflops" in peak:
        found["part_of_bf16_peak"] = found["tflops"] / peak["bf16_tflops"]
    if moved and "bandwidth_gb_s" in peak:
        found["part_of_bandwidth"] = found["gb_s"] / peak["bandwidth_gb_s"]
    return found
