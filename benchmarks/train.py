"""How fast networks learn and label, beside the bare network and the bare memory.

Ratios of one run, taken in turns on the same data; images/s are this machine's. The same script
runs on a GPU (`--device cuda`).

* loop: a student's training, with loader and augmentation, against bare forward, backward and
  optimizer steps on one batch in memory;
* labeling: pseudo-labels of shards on disk against bare inference on one batch in memory;
* loader: batches read from shards in the page cache against a copy of the same bytes in memory;
* augmentation: a batch at once against torchvision one image after the other;
* networks: MAKNet against ResNet18 and VGG16, in images/s and peak memory;
* convolution: MAKConv as one convolution against its four kernels.

    python -m benchmarks.train
    python -m benchmarks.train --device cuda --batch 64 --steps 100 --repeats 5
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms import v2

from maknet.config.arithmetic import precision_on
from maknet.data.labels.label_table import LabelTable
from maknet.data.labels.pseudo_labels import PseudoLabels, sparse_labels
from maknet.data.shards.labeled_images import LabeledImages
from maknet.data.shards.pool import ConcatShards
from maknet.data.shards.prefetch import Buffer, prefetch, split_batches
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.inference.pseudo_labeling import label_images
from maknet.models.arithmetic import Arithmetic, StepNetwork
from maknet.models.build import build_network
from maknet.models.device import open_device
from maknet.models.layers import MAKConv2d
from maknet.training.classifier.augment import Augmentation, sample_params
from maknet.training.classifier.batches import Batch, BatchLoader
from maknet.training.classifier.losses import WeightedFocalLoss
from maknet.training.classifier.objective import Objective
from maknet.training.classifier.streams import labeled_stream, pseudo_labeled_stream
from maknet.training.optimizer import ranger

LABELS = 115
NOISE = Augmentation(15.0, (0.5, 1.0), (0.75, 1.3333), 0.1, 0.3)
Timed = dict[str, Callable[[], int]]


def rates(ways: Timed, repeats: int, device: torch.device) -> dict[str, float]:
    """Return the median images/s of each way; they take turns, so that drift hits all."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for attempt in range(repeats + 1):
        for name, way in ways.items():
            start = time.perf_counter()
            images = way()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if attempt:  # the first is a warm-up
                seen[name].append(images / (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in seen.items()}


class Data:
    """Random shards at the paper's size, and courses over them."""

    def __init__(self, folder: Path, size: int, images: int, batch: int) -> None:
        require_sizes(images, batch)
        generator = np.random.default_rng(1)
        self.paths = []
        for number in range(8):
            path = folder / f"{number}.npy"
            write_shard(path, generator.integers(0, 256, (images // 8, 3, size, size), np.uint8))
            self.paths.append(path)
        self.pool, self.batch = ConcatShards(self.paths), batch
        positive = generator.random((len(self.pool), LABELS)) < 0.05
        label, score = sparse_labels(positive.astype(np.float32), positive, 15)
        names = tuple(map(str, range(LABELS)))
        self.pseudo = PseudoLabels(
            names, tuple(path.stem for path in self.paths), self.pool.counts, label, score,
            np.zeros(len(self.pool), np.uint8), np.zeros(len(self.pool), bool),
        )  # fmt: skip
        table = LabelTable(names, np.arange(images // 8), positive[: images // 8],
                           np.ones((images // 8, LABELS), bool))  # fmt: skip
        self.labeled = LabeledImages(ShardReader(self.paths[0]), table)

    def student(self) -> BatchLoader:
        """Return a student's course, half of each batch labeled."""
        half = self.batch // 2
        streams = [
            labeled_stream(self.labeled, half),
            pseudo_labeled_stream(self.pool, self.pseudo, "drop", half),
        ]
        return BatchLoader(streams, 1, NOISE)


class Learner:
    """A network that learns, on batches from a course or on one batch in memory."""

    def __init__(
        self, arch: str, batch: int, size: int, device: torch.device,
        precision: str | None = None, **settings: float,
    ) -> None:  # fmt: skip
        self.device = device
        network = build_network(arch, LABELS, **settings).train()
        self.network = network.to(device, memory_format=torch.channels_last)
        arithmetic = Arithmetic(precision or precision_on(device.type, None))
        self.forward = StepNetwork(self.network, arithmetic, batch)
        self.optimizer = ranger(self.network, 0.001)
        self.loss = WeightedFocalLoss(torch.ones(LABELS), torch.ones(LABELS), 2.0).to(device)
        self.objective = Objective(self.loss, (1.0, 1.0), NOISE)
        self.images = torch.rand(batch, 3, size, size, device=device)
        self.images = self.images.contiguous(memory_format=torch.channels_last)
        self.targets = (torch.rand(batch, LABELS, device=device) < 0.05).float()

    def _step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call] # torch's stub
        self.optimizer.step()

    def learn(self, batch: Batch) -> None:
        """Take a step as the training loop does, with noise where the batch has its parameters."""
        self._step(self.objective(self.forward, batch, self.device))

    def loop(self, course: BatchLoader, steps: int, threads: int) -> int:
        """Take steps as the training loop does, from disk and with noise."""
        self.network.train()
        images = 0
        for batch in islice(_endless(course, self.device, threads), steps):
            self.learn(batch)
            images += sum(batch.sizes)
        return images

    def bare(self, steps: int) -> int:
        """Take steps on the batch in memory."""
        self.network.train()
        known = torch.ones_like(self.targets, dtype=torch.bool)
        for _ in range(steps):
            heads = dict.fromkeys(self.forward(self.images))
            self._step(torch.stack([self.loss(z, self.targets, known) for z in heads]).sum())
        return steps * len(self.images)

    def infer(self, steps: int) -> int:
        """Compute probabilities of the batch in memory."""
        self.network.eval()
        for _ in range(steps):
            with torch.inference_mode():
                torch.sigmoid(self.network(self.images)[1]).cpu()
        return steps * len(self.images)


def _endless(course: BatchLoader, device: torch.device, threads: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    epoch = 0
    while True:
        yield from course.batches(epoch, 0, device, threads)
        epoch += 1


def measure_loop(data: Data, size: int, steps: int, how: "How") -> dict[str, float]:
    """Measure training and labeling of MAKNet against the bare network."""
    learner = Learner("maknet", data.batch, size, how.device, how.precision)
    course, network = data.student(), learner.network
    exclusive = np.zeros((LABELS, LABELS), bool)
    part = ConcatShards(data.paths[:1])

    def label() -> int:
        label_images(network, part, data.pseudo.names, exclusive, 15, 0.5, data.batch,
                     how.device, how.threads)  # fmt: skip
        return len(part)

    ways: Timed = {
        "loop": lambda: learner.loop(course, steps, how.threads),
        "bare": lambda: learner.bare(steps),
    }
    found = rates(ways, how.repeats, how.device)
    inference: Timed = {"label": label, "infer": lambda: learner.infer(len(part) // data.batch)}
    found |= rates(inference, how.repeats, how.device)
    return {
        "loop_images_per_s": found["loop"], "loop_to_bare": found["loop"] / found["bare"],
        "label_images_per_s": found["label"], "label_to_bare": found["label"] / found["infer"],
    }  # fmt: skip


def measure_loader(data: Data, how: "How") -> dict[str, float]:
    """Measure reading in random order against a copy of the same images in the same order."""
    generator = np.random.default_rng(2)
    order = np.concatenate([generator.permutation(len(data.pool)) for _ in range(8)])
    source = np.random.default_rng(3).integers(0, 256, data.pool.shape, np.uint8)
    targets = np.empty((5, 128, *data.pool.shape[1:]), np.uint8)  # a reader ahead needs several

    free: list[Buffer] = []  # a training keeps its buffers from epoch to epoch

    def read() -> int:
        plan = split_batches(data.pool, order, 128)
        batches = prefetch(plan, 128, how.device, how.threads, free)
        return sum(len(batch) for batch in batches)

    def copy() -> int:
        for number, start in enumerate(range(0, len(order), 128)):
            rows = order[start : start + 128]
            np.take(source, rows, 0, out=targets[number % 5, : len(rows)], mode="clip")
        return len(order)

    found = rates({"loader": read, "copy": copy}, how.repeats * 3, how.device)
    return {
        "loader_images_per_s": found["loader"],
        "loader_to_copy": found["loader"] / found["copy"],
    }


def measure_augmentation(size: int, how: "How") -> dict[str, float]:
    """Measure the noise of a batch at once against torchvision image by image."""
    images = torch.randint(0, 256, (64, 3, size, size), dtype=torch.uint8)
    memory = torch.empty(images.shape, memory_format=torch.channels_last)  # as a training keeps it
    draws = torch.from_numpy(sample_params(1, "benchmark", 0, 64))
    usual = v2.Compose([
        v2.RandomRotation(15), v2.RandomResizedCrop(size, (0.5, 1.0), antialias=True),
        v2.RandomGrayscale(0.1), v2.RandomAutocontrast(0.3),
    ])  # fmt: skip

    def batched() -> int:
        NOISE(images.to(how.device), draws, memory)
        return 64

    def one_by_one() -> int:
        return sum(bool(len(usual(image))) for image in images)

    found = rates({"batched": batched, "torchvision": one_by_one}, how.repeats * 3, how.device)
    return {
        "augmentation_images_per_s": found["batched"],
        "augmentation_to_torchvision": found["batched"] / found["torchvision"],
    }


def measure_networks(batch: int, size: int, steps: int, how: "How") -> dict[str, float]:
    """Measure bare steps and peak memory of the three networks."""
    learners = {a: Learner(a, batch, size, how.device) for a in ("maknet", "resnet18", "vgg16")}
    found = rates(
        {arch: lambda learner=learner: learner.bare(steps) for arch, learner in learners.items()},
        how.repeats, how.device,
    )  # fmt: skip
    memory = {arch: _peak_mb(arch, batch, size, how.device) for arch in learners}
    result = {"maknet_images_per_s": found["maknet"], "maknet_peak_mb": memory["maknet"]}
    for arch in ("resnet18", "vgg16"):
        result[f"maknet_to_{arch}"] = found["maknet"] / found[arch]
        result[f"maknet_memory_to_{arch}"] = memory["maknet"] / memory[arch]
    return result


def _peak_mb(arch: str, batch: int, size: int, device: torch.device) -> float:
    """Return the peak memory of two training steps, in a process of its own."""
    arguments = ["--memory", arch, "--batch", str(batch), "--size", str(size)]
    command = [sys.executable, "-m", "benchmarks.train", "--device", device.type, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return float(done.stdout)


def print_peak(arch: str, batch: int, size: int, device: torch.device) -> None:
    """Print the memory that training takes beyond what is there before it, in MB."""
    if device.type == "cuda":
        Learner(arch, batch, size, device).bare(2)
        print(torch.cuda.max_memory_allocated() / 1e6)
        return
    before = _resident_peak_mb()
    Learner(arch, batch, size, device).bare(2)
    print(_resident_peak_mb() - before)


def _resident_peak_mb() -> float:
    """Return this process's own peak; `getrusage` would begin with that of its parent."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1e3


def measure_convolution(batch: int, size: int, steps: int, how: "How") -> dict[str, float]:
    """Measure MAKNet's steps with MAKConv as one convolution and as four."""
    one, four = (Learner("maknet", batch, size, how.device) for _ in range(2))
    for module in four.network.modules():
        if isinstance(module, MAKConv2d):
            module.forward = module.forward_by_group  # type: ignore[method-assign]
    found = rates({"one": lambda: one.bare(steps), "four": lambda: four.bare(steps)},
                  how.repeats, how.device)  # fmt: skip
    return {"one_convolution_to_four": found["one"] / found["four"]}


class How:
    """Where and how often it is measured; without a precision, in the device's default."""

    def __init__(
        self, device: torch.device, repeats: int, threads: int, precision: str | None = None
    ) -> None:
        self.device, self.repeats, self.threads = device, repeats, threads
        self.precision = precision


def require_sizes(images: int, batch: int) -> None:
    """End with a sentence where one of the eight files on disk would hold no batch."""
    if batch < 2 or batch % 2 or images // 8 < batch:
        sys.exit(
            f"error: --batch {batch} with --images {images}: a batch has an even number of images, "
            f"and at least as many lie in each of 8 files; try --images {8 * max(batch, 2)}."
        )


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--size", type=int, default=256, help="image side")
    parser.add_argument("--batch", type=int, default=16, help="images a step")
    parser.add_argument("--steps", type=int, default=2, help="steps a measurement")
    parser.add_argument("--images", type=int, default=1024, help="images on disk")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--loader-threads", type=int, default=1)
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    device = open_device(chosen.device, 1)
    if chosen.memory:
        print_peak(chosen.memory, chosen.batch, chosen.size, device)
        return
    how = How(device, chosen.repeats, chosen.loader_threads)
    found: dict[str, float | str] = {"device": device.type, "size": float(chosen.size)}
    with tempfile.TemporaryDirectory() as folder:
        data = Data(Path(folder), chosen.size, chosen.images, chosen.batch)
        for part in (
            measure_loader(data, how), measure_augmentation(chosen.size, how),
            measure_convolution(chosen.batch, chosen.size, chosen.steps, how),
            measure_loop(data, chosen.size, chosen.steps, how),
            measure_networks(chosen.batch, chosen.size, chosen.steps, how),
        ):  # fmt: skip
            found |= part
            print(json.dumps(part), file=sys.stderr, flush=True)
    shown = {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}
    print(json.dumps(shown, indent=2))


if __name__ == "__main__":
    main()
