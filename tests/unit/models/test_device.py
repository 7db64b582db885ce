"""Opening a device: what is set, and which sentence a user reads where there is no GPU to use."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from maknet.errors import InputError
from maknet.files import ROOT
from maknet.models import device as devices
from maknet.models.device import get_device, mixed_precision, open_device

TOO_OLD = "The NVIDIA driver on your system is too old (found version {}). Please update your GPU"
NO_DRIVER = "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU"
PROPRIETARY = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC\n"
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  535.288.01  Release Build  (dvs)\n"
COMPILER = "GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)\n"

DRIVER = r"""
#include <string.h>
int cuDriverGetVersion(int *version) { *version = VERSION; return 0; }
int cuInit(unsigned flags) { return INIT; }
int cuGetExportTable(const void **table, const void *id) { return 500; }
static int other(void) { return 999; }
int cuGetProcAddress_v2(const char *name, void **f, int v, unsigned long long flags, int *status) {
    if (status) *status = 0;
    if (!strcmp(name, "cuDriverGetVersion")) *f = cuDriverGetVersion;
    else if (!strcmp(name, "cuInit")) *f = cuInit;
    else if (!strcmp(name, "cuGetExportTable")) *f = cuGetExportTable;
    else if (!strcmp(name, "cuGetProcAddress")) *f = cuGetProcAddress_v2;
    else *f = other;
    return 0;
}
int cuGetProcAddress(const char *name, void **f, int v, unsigned long long flags) {
    return cuGetProcAddress_v2(name, f, v, flags, 0);
}
"""


def refuse(monkeypatch: pytest.MonkeyPatch, words: str, build: str | None = "13.0") -> str:
    """Return the sentence of a torch that sees no GPU for a reason."""

    def fail() -> None:
        raise RuntimeError(words)

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "init", fail)
    monkeypatch.setattr(torch.version, "cuda", build)
    with pytest.raises(InputError) as caught:
        get_device("cuda")
    return str(caught.value)


@pytest.mark.parametrize(
    ("version", "build", "serves", "needed"),
    [
        (12040, "13.0", "CUDA 12.4", "needs CUDA 13.0, driver 580 or newer;"),
        (11080, "12.6", "CUDA 11.8", "needs CUDA 12.6, driver 525 or newer;"),
        (13010, "14.0", "CUDA 13.1", "needs CUDA 14.0;"),
    ],
)
def test_an_old_driver_is_named_with_the_one_that_is_needed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    version: int, build: str, serves: str, needed: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(devices, "_DRIVER_FILE", tmp_path / "none")
    sentence = refuse(monkeypatch, TOO_OLD.format(version), build)
    assert f"the NVIDIA driver is too old: it serves {serves}, and torch " in sentence
    assert needed in sentence
    assert sentence.endswith("or set device: cpu.")
    assert "no GPU is visible" not in sentence


@pytest.mark.parametrize(("first", "number"), [(PROPRIETARY, "550.54.15"), (OPEN, "535.288.01")])
def test_the_loaded_drivers_number_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, first: str, number: str
) -> None:
    (tmp_path / "version").write_text(first + COMPILER)
    monkeypatch.setattr(devices, "_DRIVER_FILE", tmp_path / "version")
    sentence = refuse(monkeypatch, TOO_OLD.format(12040))
    assert f"the NVIDIA driver {number} is too old" in sentence


@pytest.mark.parametrize("words", [NO_DRIVER, "No CUDA GPUs are available"])
def test_no_gpu_is_not_an_old_driver(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    sentence = refuse(monkeypatch, words)
    assert sentence == (
        "device: cuda was asked for but no GPU is visible; run on a node with a GPU or set "
        "device: cpu."
    )


def test_any_other_obstacle_is_told_in_torchs_words(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = refuse(monkeypatch, "CUDA unknown error - set CUDA_VISIBLE_DEVICES.\nStack trace")
    assert "torch cannot use it (CUDA unknown error - set CUDA_VISIBLE_DEVICES); run" in sentence
    assert "Stack trace" not in sentence


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: a driver is compiled here")
@pytest.mark.parametrize(
    ("version", "init", "words"),
    [
        (12040, 0, r"too old: it serves CUDA 12\.4, and torch .* needs CUDA 13"),
        (99000, 100, "no GPU is visible"),  # a driver that is new enough, and no device
    ],
)
def test_torch_itself_with_a_driver_that_is_compiled_here(
    tmp_path: Path, version: int, init: int, words: str
) -> None:
    """Without torch's own warning, which says the same in more words."""
    (tmp_path / "driver.c").write_text(DRIVER)
    compiler = ["gcc", "-w", "-shared", "-fPIC", f"-DVERSION={version}", f"-DINIT={init}"]
    files = ["-o", str(tmp_path / "libcuda.so.1"), str(tmp_path / "driver.c")]
    subprocess.run([*compiler, *files], check=True)
    code = "from maknet.models.device import get_device; get_device('cuda')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"LD_LIBRARY_PATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert re.search(f"InputError: device: cuda was asked for but .*{words}", done.stderr)
    assert "UserWarning" not in done.stderr


@pytest.fixture
def tf32() -> Iterator[None]:
    """TF32 allowed before a test, and as it was afterwards."""
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [backend.allow_tf32 for backend in backends]
    for backend in backends:
        backend.allow_tf32 = True
    yield
    for backend, allowed in zip(backends, before, strict=True):
        backend.allow_tf32 = allowed


@pytest.mark.usefixtures("tf32")
def test_an_open_device_repeats_itself_in_float32() -> None:
    torch.use_deterministic_algorithms(False)
    assert open_device("cpu", 1) == torch.device("cpu")
    assert torch.are_deterministic_algorithms_enabled()
    assert not torch.backends.cudnn.benchmark
    assert not torch.backends.cudnn.allow_tf32
    assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_precision_is_what_was_asked_for(kind: torch.dtype) -> None:
    with mixed_precision(torch.device("cpu"), str(kind).removeprefix("torch.")):
        assert (torch.rand(2, 2) @ torch.rand(2, 2)).dtype == kind


def test_every_rule_that_may_use_a_gpu_opens_it_in_the_same_way() -> None:
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    found = [part for part in re.split(r"^(?=rule |use rule )", rules, flags=re.MULTILINE)
             if 'device=config["device"]' in part and "scripts/" in part]  # fmt: skip
    names = {match[1] for part in found if (match := re.search(r"scripts/(\w+)\.py", part))}
    assert {"predict_scores", "pseudo_label", "explain_run", "train_student"} <= names
    for name in names:
        assert "open_device(" in (ROOT / f"scripts/{name}.py").read_text(), name
