"""Write the pins of the running environment: requirements.txt for pip, maknet.yaml for conda.

Run by `make pins` in a fresh environment into which requirements.in was installed. CUDA libraries
are left out: torch itself pins the ones of its platform.
"""

import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEAD = "# Pinned by `make pins` from requirements.in. Do not edit.\n"
PLATFORM_ONLY = ("nvidia-", "cuda-", "triton", "pip==", "setuptools==", "wheel==")


def main() -> None:
    """Write both files."""
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--all"], check=True, capture_output=True, text=True
    ).stdout
    pins = [
        line for line in frozen.splitlines() if "==" in line and not line.startswith(PLATFORM_ONLY)
    ]
    (HERE / "requirements.txt").write_text(HEAD + "".join(f"{pin}\n" for pin in pins))
    version = ".".join(platform.python_version_tuple()[:2])
    lines = [
        "channels: [conda-forge, nodefaults]", "dependencies:", f"  - python={version}", "  - pip",
        "  - pip:", *(f"      - {pin}" for pin in pins),
    ]  # fmt: skip
    (HERE / "maknet.yaml").write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
