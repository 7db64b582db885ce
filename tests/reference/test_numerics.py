"""Portable numerics give the same bytes on every x86 CPU; native ones do not."""

import os
import platform
import re
import shutil
import subprocess
import sys

import pytest

from maknet.files import ROOT
from maknet.provenance.cpu import NEEDED, PORTABLE, instruction_sets

# Of the packages that envs/requirements.txt pins; a version that moves it moves every result.
PUBLISHED = "ae849bfdd91c1716b7833ba67c4824f778f92e1a62775c7b713a53409b475901"
EMULATED = ("Haswell", "EPYC-Rome", "Skylake-Client")

pytestmark = pytest.mark.skipif(
    platform.machine() != "x86_64" or not instruction_sets() >= set(NEEDED),
    reason="portable bytes are those of x86 CPUs with AVX2",
)


def trained(mode: str, emulator: tuple[str, ...] = (), **environment: str) -> str:
    """Return the digest of a small training in a process of its own."""
    inherited = {name: v for name, v in os.environ.items() if name not in PORTABLE}
    done = subprocess.run(
        [*emulator, sys.executable, "-m", "tests.reference.small_training", mode], cwd=ROOT,
        env={**inherited, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_portable_bytes_are_the_published_ones() -> None:
    assert trained("portable") == PUBLISHED


def test_what_the_user_has_set_does_not_matter() -> None:
    elsewhere = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41",
                 "MKL_CBWR": "AVX2", "OMP_NUM_THREADS": "2"}  # fmt: skip
    assert trained("portable", **elsewhere) == PUBLISHED
    assert trained("native", **elsewhere) != PUBLISHED


@pytest.mark.skipif("avx512f" not in instruction_sets(), reason="no AVX-512 to leave out")
def test_native_bytes_are_this_cpus_own() -> None:
    assert trained("native") != PUBLISHED


@pytest.mark.slow
@pytest.mark.parametrize("cpu", EMULATED)
def test_another_cpu_gives_the_same_bytes(cpu: str) -> None:
    emulator = shutil.which("qemu-x86_64")
    said = emulator and subprocess.run([emulator, "--version"], capture_output=True, text=True,
                                       check=True).stdout  # fmt: skip
    if not emulator or int((re.search(r"version (\d+)", said or "") or ["", "0"])[1]) < 8:
        pytest.skip("no qemu-x86_64 of version 8 or newer (Debian's qemu-user)")
    assert trained("portable", (emulator, "-cpu", cpu)) == PUBLISHED
