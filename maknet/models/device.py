"""Device selection, precision and input transfer; a missing GPU is an error, no fallback.

B images, C channels, S the image side.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from maknet.errors import InputError
from maknet.models.square_root import use_exact_square_root
from maknet.seeding import make_deterministic

# The oldest driver of each major version of CUDA (NVIDIA's CUDA Toolkit release notes, table 2).
_OLDEST_DRIVER = {"11": "450", "12": "525", "13": "580"}
_DRIVER_FILE = Path("/proc/driver/nvidia/version")


def open_device(name: str, threads: int) -> torch.device:
    """Return a device, set up so that the same input gives the same bits; every rule opens its own.

    Operations are deterministic, and float32 is float32: TF32, which cuDNN takes for convolutions
    where it may, keeps 10 of the 23 bits of a factor, and moves scores across their thresholds.

    Args:
        name: The config key `device`, `cpu` or `cuda`.
        threads: Number of CPU threads of torch.

    Raises:
        InputError: A GPU was asked for and none can be used.
    """
    device = get_device(name)
    torch.set_num_threads(threads)
    make_deterministic()
    use_exact_square_root()
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
    return device


def get_device(name: str) -> torch.device:
    """Return the device of the config key `device`: `cpu` or `cuda`.

    Raises:
        InputError: A GPU was asked for and none can be used; the sentence says why.
    """
    if name == "cuda":
        obstacle = _obstacle()
        if obstacle is not None:
            raise InputError(f"device: cuda was asked for but {obstacle}")
    return torch.device(name)


def _obstacle() -> str | None:
    """Return why no GPU can be used and what to do about it, None where one can."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch warns of here is said below
        if torch.cuda.is_available():
            return None
    try:
        torch.cuda.init()  # type: ignore[no-untyped-call] # torch's stub
        words = ""
    except (RuntimeError, AssertionError) as error:
        words = str(error)
    too_old = re.search(r"driver .* too old \(found version (\d+)\)", words)
    if too_old:
        return _old_driver(int(too_old[1]))
    remedy = "run on a node with a GPU or set device: cpu."
    if not words or words.startswith(("Found no NVIDIA driver", "No CUDA GPUs")):
        return f"no GPU is visible; {remedy}"
    return f"torch cannot use it ({words.splitlines()[0][:200].rstrip('. ')}); {remedy}"


def _old_driver(version: int) -> str:
    """Return what to do about a driver that serves CUDA up to a version, for example 12040."""
    build = torch.version.cuda or ""
    oldest = _OLDEST_DRIVER.get(build.split(".")[0])
    needed = f"CUDA {build}" + (f", driver {oldest} or newer" if oldest else "")
    serves = f"{version // 1000}.{version % 1000 // 10}"
    return (
        f"the NVIDIA driver{_installed_driver()} is too old: it serves CUDA {serves}, and torch "
        f"{torch.__version__} needs {needed}; run on a node with a newer driver, have it updated, "
        f"install torch's build for CUDA {serves} or older, or set device: cpu."
    )


def _installed_driver() -> str:
    """Return the loaded driver with a space before it, ` 550.54.15`, empty where it is hidden."""
    try:
        found = re.search(r"Kernel Module.*?\s(\d+(?:\.\d+)+)\s", _DRIVER_FILE.read_text())
    except OSError:
        found = None
    return f" {found[1]}" if found else ""


@contextmanager
def mixed_precision(device: torch.device, precision: str) -> Iterator[None]:
    """Compute in `bfloat16` by autocast, or in `float32`.

    Only training is computed so: scores are float32 on every device.
    """
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        yield


def as_input(images: Tensor, device: torch.device) -> Tensor:
    """Move images to the device as floats in [0, 1], channels last.

    Args:
        images: (B, C, S, S) uint8.
        device: Device to move to.

    Returns:
        (B, C, S, S) float32.
    """
    return scaled(images, device).contiguous(memory_format=torch.channels_last)


def scaled(images: Tensor, device: torch.device) -> Tensor:
    """Move images to the device as floats in [0, 1], in torch's default layout.

    Args:
        images: (B, C, S, S) uint8.
        device: Device to move to.

    Returns:
        (B, C, S, S) float32.
    """
    return images.to(device, non_blocking=True).float().div_(255)
