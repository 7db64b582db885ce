"""What a GPU makes of the networks, in one run; `python -m benchmarks.scale --gpu` reads its JSON.

* networks: a training step of all four on one batch in memory, as it is and compiled: images/s,
  a GPU's peak memory, the part of the device's bf16 peak (operations of convolutions and
  products) and of its bandwidth (bytes that operators read and write, as though none were cached);
* loop: a student's training, with loader and noise, against bare steps;
* labeling: pseudo-labels of shards on disk against bare inference;
* loader: images/s from shards in the page cache against MAKNet's step: below 1, the GPU waits.

The two ways of a network take turns. A device that `benchmarks/rates/devices.csv` does not list
gets no part of a peak. Training is in bfloat16 on a GPU, labeling in float32.

    python -m benchmarks.gpu > gpu.json
    python -m benchmarks.gpu --device cpu --size 64 --batch 8 --steps 2 --images 64 --compiled
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch

from benchmarks import lesanet
from benchmarks.peaks import counted, device_name, makers_peak, parts, reached
from benchmarks.train import (
    LABELS,
    Data,
    How,
    measure_loader,
    measure_loop,
    rates,
    require_sizes,
)
from maknet.config.arithmetic import precision_on
from maknet.models.arithmetic import Arithmetic, StepNetwork, check_compiler
from maknet.models.build import NETWORKS, build_network
from maknet.models.device import open_device
from maknet.training.classifier.batches import Batch
from maknet.training.classifier.losses import WeightedFocalLoss
from maknet.training.classifier.objective import Objective
from maknet.training.lesanet.batches import LesionBatch
from maknet.training.lesanet.objective import LesaNetObjective
from maknet.training.optimizer import lesanet_sgd, ranger

PATCH = 120  # pixels a side, as LesaNet's patches have


class Steps:
    """A network that learns one batch in memory, with the library's own objective and optimizer."""

    def __init__(self, arch: str, how: "Chosen", compiled: bool) -> None:
        self.device, self.batch_size = how.device, how.batch
        labels = lesanet.LABELS if arch == "lesanet" else LABELS
        self.network = build_network(arch, labels).to(how.device, memory_format=torch.channels_last)
        arithmetic = Arithmetic(how.precision, compiled)
        self.forward = StepNetwork(self.network.train(), arithmetic, how.batch)
        positive = (torch.rand(how.batch, labels) < 0.05).float().to(how.device)
        known = torch.ones_like(positive, dtype=torch.bool)
        ones = torch.ones(labels, device=how.device)
        self.objective: Any
        self.batch: Any
        if arch == "lesanet":
            patches = torch.randint(-1024, 3071, (how.batch, 3, PATCH, PATCH), dtype=torch.int16)
            boxes = torch.tensor([30.0, 30.0, 90.0, 90.0], device=how.device).repeat(how.batch, 1)
            self.batch = LesionBatch(patches.to(how.device), boxes, positive, known)
            exclusive = torch.zeros(labels, labels, device=how.device)
            self.objective = LesaNetObjective((ones, ones), exclusive, lesanet.SETTINGS,
                                              lesanet.WINDOW)  # fmt: skip
            self.optimizer = lesanet_sgd(self.network, 0.9, 1e-4)
        else:
            shape = (how.batch, 3, how.size, how.size)
            images = torch.randint(0, 256, shape, dtype=torch.uint8).to(how.device)
            self.batch = Batch(images, positive, known, None, (how.batch,))
            self.objective = Objective(WeightedFocalLoss(ones, ones, 2.0).to(how.device))
            self.optimizer = ranger(self.network, 0.001)

    def one(self) -> None:
        """Take a step."""
        loss = self.objective(self.forward, self.batch, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def take(self, steps: int) -> int:
        """Take steps and return how many images they saw."""
        for _ in range(steps):
            self.one()
        return steps * self.batch_size


class Chosen(How):
    """Where, how often, in which precision and at which size it is measured."""

    precision: str

    def __init__(self, device: torch.device, options: argparse.Namespace) -> None:
        precision = options.precision or precision_on(device.type, None)
        super().__init__(device, options.repeats, options.loader_threads, precision)
        require_sizes(options.images, options.batch)  # before minutes of measuring
        self.images: int = options.images
        self.batch: int = options.batch
        self.size: int = options.size
        self.steps: int = options.steps


def measure_network(
    arch: str, how: Chosen, compiled: bool, peak: dict[str, float] | None
) -> dict[str, float]:
    """Measure a network's steps as they are and, where asked for, compiled."""
    torch._dynamo.reset()
    names = ("eager", "compiled") if compiled else ("eager",)
    ways, result = dict[str, Steps](), dict[str, float]()
    for name in names:
        if how.device.type == "cuda":
            ways[name], result[f"{name}_peak_mb"] = peak_mb(arch, how, name == "compiled")
        else:  # a process does not give back what it took: benchmarks.train starts one for each
            ways[name] = Steps(arch, how, name == "compiled")
    operations, moved = counted(ways["eager"].one)
    found = rates(
        {name: lambda way=way: way.take(how.steps) for name, way in ways.items()},
        how.repeats, how.device,
    )  # fmt: skip
    for name in names:
        result[f"{name}_images_per_s"] = found[name]
        bytes_known = moved if name == "eager" else 0.0  # fused, the operators are others
        each = parts(found[name] / how.batch, operations, bytes_known, peak)
        result |= {f"{name}_{key}": value for key, value in each.items()}
    if compiled:
        result["compiled_to_eager"] = found["compiled"] / found["eager"]
    return result


def peak_mb(arch: str, how: Chosen, compiled: bool) -> tuple[Steps, float]:
    """Return a network that learns, and the most GPU memory that two of its steps hold, in MB.

    A first step is not looked at: there a compiler works.
    """
    before = torch.cuda.memory_allocated()
    way = Steps(arch, how, compiled)
    way.take(1)
    torch.cuda.reset_peak_memory_stats()
    way.take(2)
    return way, (torch.cuda.max_memory_allocated() - before) / 1e6


def basis(name: str, how: Chosen) -> str:
    """Return where the rates come from, for docs/scale.md."""
    cuda = f", CUDA {torch.version.cuda}" if how.device.type == "cuda" else ""
    return (
        f"measured on one {name} (torch {torch.__version__}{cuda}, one run): "
        f"`python -m benchmarks.gpu --device {how.device.type} --precision {how.precision} "
        f"--batch {how.batch} --size {how.size} --steps {how.steps} --images {how.images} "
        f"--repeats {how.repeats} --loader-threads {how.threads}`; "
        f"training in {how.precision}, scores in float32"
    )


def measure(how: Chosen, compiled: list[str]) -> dict[str, Any]:
    """Measure everything; the rates that `benchmarks.scale` reads lie at the top."""
    name = device_name(how.device)
    peak = makers_peak(name)
    if peak is None:
        print(f"no part of a peak: benchmarks/rates/devices.csv lists no {name}", file=sys.stderr)
    elif how.precision != "bfloat16":
        del peak["bf16_tflops"]
    found: dict[str, Any] = {"basis": basis(name, how), "device": name, "precision": how.precision}
    networks = {}
    for arch in NETWORKS:
        networks[arch] = measure_network(arch, how, arch in compiled, peak)
        print(json.dumps({arch: networks[arch]}), file=sys.stderr, flush=True)
    eager = {arch: each["eager_images_per_s"] for arch, each in networks.items()}
    found |= {f"{arch}_images_per_s": eager[arch] for arch in ("maknet", "lesanet")}
    found |= {f"maknet_to_{arch}": eager["maknet"] / eager[arch] for arch in ("resnet18", "vgg16")}
    with tempfile.TemporaryDirectory() as folder:
        data = Data(Path(folder), how.size, how.images, how.batch)
        found |= measure_loop(data, how.size, how.steps, how)
        found |= measure_loader(data, how)
    found["loader_to_step"] = found["loader_images_per_s"] / eager["maknet"]
    found |= {"networks": networks, "reached": reached(how), "makers_peak": peak}
    return found


def rounded(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return JSON values with four significant digits."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--precision", choices=["float32", "bfloat16"])
    parser.add_argument("--compiled", nargs="*", choices=NETWORKS, default=list(NETWORKS),
                        help="networks to measure compiled as well")  # fmt: skip
    parser.add_argument("--size", type=int, default=256, help="image side")
    parser.add_argument("--batch", type=int, default=128, help="images a step")
    parser.add_argument("--steps", type=int, default=20, help="steps a measurement")
    parser.add_argument("--images", type=int, default=2048, help="images on disk")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--loader-threads", type=int, default=1)
    chosen = parser.parse_args()
    device = open_device(chosen.device, 1)
    if chosen.compiled:
        check_compiler(device)
    print(json.dumps(rounded(measure(Chosen(device, chosen), chosen.compiled)), indent=1))


if __name__ == "__main__":
    main()
