"""The real workflow, run by Snakemake in a folder of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def snakemake() -> Run:
    """Return a function that runs Snakemake on this workflow in a given folder."""

    def run(
        folder: Path, *arguments: str | Path, configfiles: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        files = [str(ROOT / name) for name in configfiles]
        chosen = ["--configfile", *files] if files else []
        command = [
            sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"),
            "--directory", str(folder), "--cores", "2", *map(str, arguments), *chosen,
        ]  # fmt: skip
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, env=environment
        )

    return run
