"""Portable numerics: what is set, who is refused, how many threads compute."""

import logging
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from maknet.errors import InputError
from maknet.files import ROOT
from maknet.jobs.numerics import check_bfloat16, check_cpu, compute_threads, set_numerics
from maknet.provenance import cpu as cpus
from maknet.provenance.cpu import PORTABLE, cpu

INFO = "processor\t: 0\nmodel name\t: A CPU\nflags\t\t: fpu sse2 {}\n\nprocessor\t: 1\n"


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text(INFO.format("avx2 fma avx512f"))
    monkeypatch.setattr(cpus, "_CPUINFO", path)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return path


def test_portable_wins_over_what_the_user_set() -> None:
    environment = {"ATEN_CPU_CAPABILITY": "avx512", "HOME": "/home/me"}
    set_numerics("portable", environment)
    assert environment == {**PORTABLE, "HOME": "/home/me"}


def test_native_leaves_all_as_it_is() -> None:
    environment = {"ATEN_CPU_CAPABILITY": "avx512"}
    set_numerics("native", environment)
    assert environment == {"ATEN_CPU_CAPABILITY": "avx512"}


def test_a_cpu_without_avx2_is_refused_and_told_what_to_do(cpuinfo: Path) -> None:
    check_cpu({"jobs": {"numerics": "portable"}})
    cpuinfo.write_text(INFO.format("fma"))
    with pytest.raises(InputError, match=r"no avx2; set jobs.numerics: native"):
        check_cpu({"jobs": {"numerics": "portable"}})
    check_cpu({"jobs": {"numerics": "native"}})


def test_a_cpu_without_instructions_for_bfloat16_is_refused(cpuinfo: Path) -> None:
    with pytest.raises(InputError, match=r"needs a CPU with AVX-512 BF16 or AMX.*float32"):
        check_bfloat16()
    for name in ("avx512_bf16", "amx_bf16"):
        cpuinfo.write_text(INFO.format(f"avx2 fma avx512f {name}"))
        check_bfloat16()
        assert name in cpu()["instruction_sets"]


def test_another_architecture_is_named_in_the_log(
    cpuinfo: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    cpuinfo.write_text("processor : 0\nFeatures : fp asimd\n")
    with caplog.at_level(logging.WARNING):
        check_cpu({"jobs": {"numerics": "portable"}})
    assert "aarch64" in caplog.text


def test_a_record_names_the_cpu_and_its_settings(
    cpuinfo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PORTABLE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")
    assert cpu() == {
        "model": "A CPU",
        "instruction_sets": ["avx2", "fma", "avx512f"],
        "settings": {"MKL_CBWR": "COMPATIBLE"},
    }
    cpuinfo.unlink()
    assert cpu()["model"]  # no /proc: what Python knows


@pytest.mark.parametrize(
    ("device", "numerics", "threads"), [("cpu", "portable", 1), ("cpu", "native", 8),
                                        ("cuda", "portable", 8)],
)  # fmt: skip
def test_one_thread_computes_where_bytes_are_to_be_the_same(
    device: str, numerics: str, threads: int
) -> None:
    assert compute_threads({"device": device, "jobs": {"numerics": numerics}}, 8) == threads


ASK = """
from concurrent.futures import ThreadPoolExecutor
import numpy, threadpoolctl, torch
from maknet.jobs.numerics import one_thread
one_thread()
with ThreadPoolExecutor(2) as pool:
    print(*{pool.submit(torch.get_num_threads).result() for _ in range(4)},
          *{found["num_threads"] for found in threadpoolctl.threadpool_info()})
"""


def test_workers_compute_in_one_thread_each_whatever_the_environment_says() -> None:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "4")
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env={**os.environ, **threads},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["1", "1"]
