"""`benchmarks.gpu` at a size for a CPU: its rates feed docs/scale.md, no peak is made up."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import benchmarks.gpu
import benchmarks.scale
import benchmarks.student_step
from benchmarks import peaks
from benchmarks.peaks import counted, makers_peak, parts
from benchmarks.train import Data, Learner
from maknet.errors import InputError
from maknet.models.arithmetic import check_compiler
from maknet.models.build import NETWORKS

TINY = ["--size", "64", "--batch", "8", "--steps", "1", "--images", "64", "--repeats", "1"]
pytestmark = pytest.mark.filterwarnings("ignore:Attempting to run cuBLAS")  # of torch, harmless


def measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[dict[str, Any], str]:
    """Return the benchmark's JSON, and what it says beside it."""
    monkeypatch.setattr(sys, "argv", ["benchmarks.gpu", *TINY, *options])
    benchmarks.gpu.main()
    said = capsys.readouterr()
    return json.loads(said.out), said.err


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [(), ("resnet18",)])
def test_its_rates_are_those_that_the_page_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], device: torch.device,
    compiled: tuple[str, ...],
) -> None:  # fmt: skip
    if compiled:
        try:
            check_compiler(device)
        except InputError as error:
            pytest.skip(str(error))
    found, said = measured(monkeypatch, capsys, "--device", device.type, "--compiled", *compiled)
    kept = json.loads((benchmarks.scale.RATES / "h200.measured.json").read_text())
    works = benchmarks.scale.gpu_work(found, 1000)
    assert {w.name for w in works} == {w.name for w in benchmarks.scale.gpu_work(kept, 1000)}
    assert all(0 < work.seconds < float("inf") for work in works)
    assert set(found["networks"]) == set(NETWORKS)
    for arch, each in found["networks"].items():
        assert each["eager_images_per_s"] > 0, arch
        assert (each.get("eager_peak_mb", 0) > 0) == (device.type == "cuda"), arch
        assert each["eager_tflops"] > 0, arch
        assert each["eager_gb_s"] > 0, arch
        assert ("compiled_to_eager" in each) == (arch in compiled)
    known = found["makers_peak"] is not None
    assert ("no part of a peak" in said) != known
    assert ("part_of" in json.dumps(found)) == known


def test_both_loops_take_the_same_steps(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], device: torch.device,
    tmp_path: Path,
) -> None:  # fmt: skip
    size, batch = 32, 4
    data = Data(tmp_path, size, 64, batch)
    for batches in (
        benchmarks.student_step.our_batches(data, device),
        benchmarks.student_step.usual_batches(data, size, 1, device),
    ):
        taken = next(batches)
        assert (taken.images.shape, taken.images.dtype) == ((batch, 3, size, size), torch.uint8)
        assert taken.sizes == (2, 2)
        assert taken.known.all()
        assert taken.positive[2:].any(1).all()  # no unlabeled image without a label
        batches.close()
    options = ["--size", "32", "--batch", "4", "--steps", "1", "--images", "64", "--repeats", "1"]
    options += ["--width", "0.125", "--workers", "1", "--device", device.type]
    monkeypatch.setattr(sys, "argv", ["benchmarks.student_step", *options])
    benchmarks.student_step.main()
    found = json.loads(capsys.readouterr().out)
    for name in ("step", "input"):
        ratio = found[f"{name}_ours_per_s"] / found[f"{name}_usual_per_s"]
        assert found[f"{name}_ours_to_usual"] == pytest.approx(ratio, rel=0.01, abs=0.001)


@pytest.mark.parametrize(("images", "batch"), [(2048, 512), (64, 7), (8, 1)])
def test_sizes_that_fill_no_batch_are_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], images: int, batch: int
) -> None:
    sizes = ["--images", str(images), "--batch", str(batch)]
    with pytest.raises(SystemExit, match="in each of 8 files"):
        measured(monkeypatch, capsys, "--device", "cpu", *sizes, "--compiled")


def test_the_loop_is_measured_in_the_precision_that_was_asked_for() -> None:
    for precision in ("float32", "bfloat16"):
        learner = Learner("maknet", 2, 32, torch.device("cpu"), precision, width=0.125)
        logits = learner.forward(learner.images)[0]
        assert logits.dtype == getattr(torch, precision)


def test_what_is_written_over_counts_once() -> None:
    source, target = torch.ones(1000), torch.empty(1000)
    assert counted(lambda: target.copy_(source))[1] == 2 * 4000
    assert counted(lambda: target.zero_())[1] == 4000
    assert counted(lambda: target.add_(source))[1] == 3 * 4000


def test_the_parts_of_a_peak_are_those_of_a_listed_device() -> None:
    peak = makers_peak("NVIDIA H200")
    assert peak == {"bf16_tflops": 989, "bandwidth_gb_s": 4800}
    found = parts(10, 9.89e12, 4.8e10, peak)
    assert found["part_of_bf16_peak"] == pytest.approx(0.1)
    assert found["part_of_bandwidth"] == pytest.approx(0.1)
    assert "part_of_bandwidth" not in parts(10, 9.89e12, 0, peak)
    for unknown in ("cpu", "NVIDIA H200 MIG 1g.18gb"):
        assert makers_peak(unknown) is None
        assert not [key for key in parts(10, 1e12, 1e9, makers_peak(unknown)) if "part" in key]


def test_a_step_is_counted_by_its_operators() -> None:
    a, b = torch.rand(30, 40), torch.rand(40, 50)
    operations, moved = counted(lambda: (a @ b).T)
    assert operations == 2 * 30 * 40 * 50
    assert moved == 4 * (30 * 40 + 40 * 50 + 30 * 50)  # a transpose moves nothing


def test_every_listed_device_has_a_source() -> None:
    rows = peaks.read_rows(peaks.DEVICES)
    assert len({row["device"] for row in rows}) == len(rows) > 10
    assert all(row["source"] and 100 < float(row["bf16_tflops"]) < 3000 for row in rows)
