"""The environment of a job: packages, checkout, CPU, device."""

import importlib.metadata
import platform
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from maknet.files import ROOT
from maknet.provenance.cpu import cpu

_PACKAGES = (
    "numpy", "pandas", "pydicom", "pytorch_optimizer", "scipy", "SimpleITK", "snakemake", "torch",
    "torchvision",
)  # fmt: skip


def environment() -> dict[str, Any]:
    """Return the versions of what this process imported, and the CPU."""
    return {
        "python": platform.python_version(),
        "platform": platform.machine(),
        "cpu": cpu(),
        "packages": {name: version(name) for name in _PACKAGES if name in sys.modules},
    }


def checkout() -> dict[str, Any]:
    """Return the commit of the checkout, and whether its files are those of the commit."""
    return {
        "commit": git(ROOT, "rev-parse", "HEAD"),
        "clean": git(ROOT, "status", "--porcelain") == "",
    }


def device(name: str) -> dict[str, Any]:
    """Return the device that this process computed on, without importing torch for it."""
    torch = sys.modules.get("torch")
    if torch is None:
        return {"name": "cpu"}
    return {
        "name": torch.cuda.get_device_name() if name == "cuda" else name,
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cuda": torch.version.cuda if name == "cuda" else None,
        "cudnn": torch.backends.cudnn.version() if name == "cuda" else None,
    }


def peak_memory_mb() -> int:
    """Return the most memory in MiB that this process, or one that it waited for, has held.

    It is that of the largest process, not of all at once. Mapped files count as far as they were in
    memory.
    """
    own, children = (
        resource.getrusage(who).ru_maxrss >> (20 if sys.platform == "darwin" else 10)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    # On Linux, ru_maxrss of a forked process starts at its parent's; VmHWM is its own.
    status = Path("/proc/self/status")
    said = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.is_file() else None
    return max(int(said[1]) >> 10 if said else own, children)


def version(package: str) -> str | None:
    """Return the installed version, None where a job runs without the package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def git(root: Path, *arguments: str) -> str | None:
    """Return git's answer, None where the code is no checkout."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
