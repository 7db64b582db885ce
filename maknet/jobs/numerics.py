"""The key `jobs.numerics`: `portable` results have the same bytes on every CPU.

They are computed with one instruction set and one thread. That holds for x86; a CPU of another
architecture computes as it does, and the log says so. `native` results are the CPU's own.
"""

import logging
import os
import platform
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

from maknet.errors import InputError
from maknet.provenance.cpu import NEEDED, PORTABLE, instruction_sets

logger = logging.getLogger(__name__)
_PORTABLE = "portable"
_X86 = ("x86_64", "amd64")
_BFLOAT16 = ("avx512_bf16", "amx_bf16")


def set_numerics(mode: str, environment: MutableMapping[str, str]) -> None:
    """Set what a job's environment must hold before it imports a library.

    In native mode nothing is set; what the user has set there stands, and is recorded.

    Args:
        mode: `portable` or `native`.
        environment: The process's environment, changed in place; jobs inherit it.
    """
    if mode == _PORTABLE:
        environment.update(PORTABLE)


def keep_numerics(config: Mapping[str, Any]) -> None:
    """Restart a scenario's job if its numerics are not those of the workflow.

    Libraries read these variables once, when they are loaded, and a script loads them first. How
    many threads a job has is not looked at: Snakemake sets it for every job.
    """
    decide = {name: value for name, value in PORTABLE.items() if not name.endswith("_THREADS")}
    is_set = all(os.environ.get(name) == value for name, value in decide.items())
    if "scenario" not in config or is_set == _is_portable(config):
        return
    kept = {name: value for name, value in os.environ.items() if name not in decide}
    if _is_portable(config):
        kept |= PORTABLE
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)  # noqa: S606


def check_cpu(config: Mapping[str, Any]) -> None:
    """Refuse a CPU that cannot compute portable results, where the configuration asks for them.

    Raises:
        InputError: The CPU is an x86 without AVX2 or FMA.
    """
    if not _is_portable(config):
        return
    if platform.machine().lower() not in _X86:
        logger.warning(
            "jobs.numerics is portable, but this CPU (%s) is not an x86: its results are not byte "
            "for byte those of other machines", platform.machine(),
        )  # fmt: skip
        return
    found = instruction_sets()
    missing = [name for name in NEEDED if found and name not in found]
    if missing:
        raise InputError(
            f"jobs.numerics: portable needs a CPU with {' and '.join(NEEDED)}, and this one has no "
            f"{' and no '.join(missing)}; set jobs.numerics: native, for results that are "
            "this machine's own."
        )


def check_bfloat16() -> None:
    """Refuse an x86 CPU that has no instructions for bfloat16: there it is slower than float32.

    Raises:
        InputError: The CPU has neither AVX-512 BF16 nor AMX.
    """
    found = instruction_sets()
    if platform.machine().lower() in _X86 and found and found.isdisjoint(_BFLOAT16):
        raise InputError(
            "jobs.precision: bfloat16 needs a CPU with AVX-512 BF16 or AMX, and this one has "
            "neither; set jobs.precision: float32, or run on a node that has one."
        )


def compute_threads(config: Mapping[str, Any], threads: int) -> int:
    """Return how many threads a job computes with: one where the CPU computes portable results."""
    return 1 if _is_portable(config) and config.get("device") == "cpu" else threads


def one_thread() -> None:
    """Let every operation of NumPy and torch compute in the thread that calls it.

    Snakemake sets the libraries' threads to those of the rule, which may be meant for workers.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def _is_portable(config: Mapping[str, Any]) -> bool:
    return bool(config.get("jobs", {}).get("numerics") == _PORTABLE)
