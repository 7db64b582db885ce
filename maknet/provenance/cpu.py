"""The CPU of a job, and the environment variables that decide how it rounds.

Read by the code that parses the workflow, so only the standard library is used.
"""

import os
import platform
from pathlib import Path
from typing import Any

# One instruction set for every library, AVX2 with FMA, which x86 has had since 2013. Each was set
# alone on an AVX-512 CPU: those marked * changed the bytes of a small training or of NumPy's
# functions. An instruction set alone does not pin MKL: its branch for AVX2 is not open to every
# vendor's CPU. The last three are the number of threads, on which sums of BLAS depend.
PORTABLE = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # *
    "ONEDNN_DEFAULT_FPMATH_MODE": "STRICT",
    "MKL_CBWR": "COMPATIBLE",  # *
    "OPENBLAS_CORETYPE": "Haswell",
    "NPY_DISABLE_CPU_FEATURES": "X86_V4",  # *
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
NEEDED = ("avx2", "fma")
_SHOWN = (*NEEDED, "avx512f", "avx512_bf16", "amx_bf16")
_CPUINFO = Path("/proc/cpuinfo")


def cpu() -> dict[str, Any]:
    """Return the CPU's model, those of its instruction sets that decide, and the settings."""
    return {
        "model": _field("model name") or platform.processor() or platform.machine(),
        "instruction_sets": [name for name in _SHOWN if name in instruction_sets()],
        "settings": {name: os.environ[name] for name in PORTABLE if name in os.environ},
    }


def instruction_sets() -> frozenset[str]:
    """Return the instruction sets of an x86 CPU under Linux; empty where they cannot be read."""
    return frozenset(_field("flags").split())


def _field(name: str) -> str:
    """Return a field of the first CPU in /proc/cpuinfo; empty where there is none."""
    try:
        lines = _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
