"""Write the pins of the running environment: requirements.txt for pip, maknet.yaml for conda.

Run by `make pins` in a fresh environment into which requirements.in was installed. CUDA libraries
are left out: torch itself pins the ones of its platform. head.txt and head.yaml hold the part that
a head node needs.
"""

import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
HEAD = "# Pinned by `make pins` from {}. Do not edit.\n"
PLATFORM_ONLY = ("nvidia-", "cuda-", "triton", "pip==", "setuptools==", "wheel==")


def main() -> None:
    """Write both files."""
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True
    ).stdout
    pins = [
        line for line in frozen.splitlines() if "==" in line and not line.startswith(PLATFORM_ONLY)
    ]
    _write("requirements.txt", "maknet.yaml", "requirements.in", pins)
    lines = (HERE / "head.in").read_text().splitlines()
    needed = with_dependencies(line for line in lines if not line.startswith("#"))
    head = [pin for pin in pins if _plain(pin.split("==")[0]) in needed]
    _write("head.txt", "head.yaml", "head.in", head)


def with_dependencies(names: Iterable[str]) -> set[str]:
    """Return packages and all that they need here, by their plain names."""
    found: set[str] = set()
    asked = [Requirement(name) for name in names]
    while asked:
        wanted = asked.pop()
        found.add(_plain(wanted.name))
        for text in distribution(wanted.name).requires or []:
            needed = Requirement(text)
            kinds = ["", *wanted.extras]
            holds = not needed.marker or any(needed.marker.evaluate({"extra": k}) for k in kinds)
            if holds and _plain(needed.name) not in found:
                asked.append(needed)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _write(requirements: str, environment: str, source: str, pins: list[str]) -> None:
    head = HEAD.format(source)
    (HERE / requirements).write_text(head + "".join(f"{pin}\n" for pin in pins))
    version = ".".join(platform.python_version_tuple()[:2])
    lines = [
        "channels: [conda-forge, nodefaults]", "dependencies:", f"  - python={version}", "  - pip",
        "  - pip:", *(f"      - {pin}" for pin in pins),
    ]  # fmt: skip
    (HERE / environment).write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
