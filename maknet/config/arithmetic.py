"""The key `jobs.precision`, and what a CPU cannot have with the same bytes on every CPU."""

from collections.abc import Mapping
from typing import Any

from maknet.errors import InputError

PRECISION = "jobs.precision"
_OWN = {"cpu": "float32", "cuda": "bfloat16"}  # fast on any GPU of today, and on few CPUs


def precision_on(device: str, chosen: str | None) -> str:
    """Return the precision that a training has on a device.

    Args:
        device: `cpu` or `cuda`.
        chosen: Value of `jobs.precision`; null takes the device's own.
    """
    return chosen or _OWN[device]


def check_arithmetic(config: Mapping[str, Any]) -> None:
    """Refuse settings whose results depend on the CPU where all CPUs must give the same bytes.

    Raises:
        InputError: `jobs.numerics` is portable and another key asks for the contrary.
    """
    jobs = config["jobs"]
    if config["device"] != "cpu" or jobs["numerics"] != "portable":
        return
    unlike = {
        "precision: bfloat16": jobs["precision"] == "bfloat16",
        "compile: true": jobs["compile"],
    }
    for setting, is_set in unlike.items():
        if is_set:
            raise InputError(
                f"The configuration has jobs.{setting} on the CPU with jobs.numerics: portable, "
                "but what it computes differs from CPU to CPU; set jobs.numerics: native as well, "
                f"or leave jobs.{setting.split(':')[0]} as config/paper.yaml has it."
            )
