"""Square roots that every CPU rounds in the same way.

torch takes them from MKL, whose code begins with an approximation that each vendor of CPUs rounds
in its own way: on an AMD EPYC 17 % of float32 roots, on other CPUs none or others, differ in the
last bit from the exact root, and MKL's own switch for reproducible results does not change that.
An optimizer takes a root of every weight in every step, so no training is the same elsewhere.
NumPy uses the CPU's instruction, which IEEE 754 defines to the last bit.
"""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

_overrides: list[torch.library.Library] = []  # an override stands for as long as its object


def use_exact_square_root() -> None:
    """Let `torch.sqrt` of float tensors on the CPU return IEEE 754's root, in this process."""
    if _overrides:
        return
    library = torch.library.Library("aten", "IMPL")  # type: ignore[no-untyped-call] # torch's stub
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Warning only once for all operators")
        for name, kernel in _KERNELS.items():
            library.impl(name, kernel, "CPU")  # type: ignore[no-untyped-call] # torch's stub
    _overrides.append(library)


def _sqrt(values: Tensor) -> Tensor:
    if values.is_complex():
        return values.pow(0.5)
    if not values.is_floating_point():
        values = values.to(torch.get_default_dtype())
    if values.dtype not in _EXACT:
        return _sqrt(values.float()).to(values.dtype)
    out = torch.empty_like(values)
    with np.errstate(invalid="ignore"):  # torch gives NaN without a word
        np.sqrt(values.detach().numpy(), out=out.detach().numpy())
    return out


def _sqrt_in_place(values: Tensor) -> Tensor:
    return values.copy_(_castable(_sqrt(values), values))


def _sqrt_into(values: Tensor, *, out: Tensor) -> Tensor:
    root = _castable(_sqrt(values), out)
    return out.resize_(root.shape).copy_(root)


def _castable(root: Tensor, out: Tensor) -> Tensor:
    if not torch.can_cast(root.dtype, out.dtype):
        raise RuntimeError(f"result type {root.dtype} can't be cast to {out.dtype}")
    return root


_EXACT = (torch.float32, torch.float64)
_KERNELS: dict[str, Callable[..., Tensor]] = {
    "sqrt": _sqrt, "sqrt_": _sqrt_in_place, "sqrt.out": _sqrt_into,
}  # fmt: skip
