"""A student's step as this project takes it, and as a usual loop does, in one run by turns.

Ours: one thread reads ahead from shards, the noise changes a batch at once on the device. Usual: a
`DataLoader` with worker processes, whose dataset reads the same shards through a memory map and
changes image by image with torchvision. Both have the same network, loss, optimizer and halves of
labeled and pseudo-labeled images; the usual loop's images cross to the main process as bytes, the
least there is to send. torchvision rotates and crops one after the other, here both are one
sampling, so that the noise has the same parameters, not the same pixels.

* step: whole steps; input: the same batches without a network.

A turn starts its readers and takes a first batch before the clock runs. torch has one thread; the
usual loop's workers run beside it, so that its rate needs free cores, which ours does not.

    python -m benchmarks.student_step
    python -m benchmarks.student_step --device cuda --size 256 --batch 128 --width 1 --images 2048 \
        --steps 50 --workers 8
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

from benchmarks.train import LABELS, NOISE, Data, Learner
from maknet.models.device import as_input, open_device
from maknet.training.classifier.batches import Batch

Batches = Callable[[], Iterator[Batch]]


class ImageByImage(Dataset[tuple[Tensor, Tensor]]):
    """The labeled images and after them the unlabeled ones, each changed by itself."""

    def __init__(self, data: Data, size: int) -> None:
        self.paths, self.per_shard = data.paths, int(data.pool.counts[0])
        unlabeled = data.pseudo.positive(np.arange(len(data.pool)))
        self.labeled = len(data.labeled.labels)
        positive = np.concatenate([data.labeled.labels.positive, unlabeled])
        self.positive = torch.from_numpy(positive.astype(np.float32))
        self.usable = np.flatnonzero(unlabeled.any(1)) + self.labeled
        self.shards: list[np.ndarray] = []
        self.change = v2.Compose([
            v2.RandomRotation(NOISE.rotation_deg, v2.InterpolationMode.BILINEAR),
            v2.RandomResizedCrop(size, NOISE.crop_area, NOISE.crop_ratio, antialias=True),
            v2.RandomGrayscale(NOISE.grayscale), v2.RandomAutocontrast(NOISE.autocontrast),
        ])  # fmt: skip

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.positive)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor]:
        """Return an image, changed, and its labels."""
        if not self.shards:  # each worker opens its own
            self.shards = [np.load(path, mmap_mode="r") for path in self.paths]
        place = number if number < self.labeled else number - self.labeled
        shard, row = divmod(place, self.per_shard)
        image = torch.from_numpy(np.array(self.shards[shard][row]))
        return self.change(image), self.positive[number]

    def order(self, batch: int) -> Iterator[list[int]]:
        """Yield the images of each batch, one half labeled and one not, without end."""
        half, generator = batch // 2, np.random.default_rng(1)
        while True:
            labeled = generator.choice(self.labeled, half, replace=False)
            yield [*labeled.tolist(), *generator.choice(self.usable, half, replace=False).tolist()]


def usual_batches(data: Data, size: int, workers: int, device: torch.device) -> Iterator[Batch]:
    """Yield batches as a usual loop does, on the CPU."""
    dataset = ImageByImage(data, size)
    loader = DataLoader(
        dataset, batch_sampler=dataset.order(data.batch), num_workers=workers,
        pin_memory=device.type == "cuda",
    )  # fmt: skip
    for images, positive in loader:
        known = torch.ones(positive.shape, dtype=torch.bool)
        half = len(images) // 2
        yield Batch(images, positive.to(device, non_blocking=True), known.to(device), None,
                    (half, len(images) - half))  # fmt: skip


def our_batches(data: Data, device: torch.device) -> Iterator[Batch]:
    """Yield full batches as a training here does; the last of an epoch may be smaller."""
    course, epoch = data.student(), 0
    while True:
        full = (b for b in course.batches(epoch, 0, device, 1) if sum(b.sizes) == data.batch)
        yield from full
        epoch += 1


def turn(batches: Batches, use: Callable[[Batch], object], steps: int, device: str) -> float:
    """Return the steps/s of one turn."""
    started = batches()
    use(next(started))
    start = time.perf_counter()
    for batch in islice(started, steps):
        use(batch)
    if device == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    started.close()  # type: ignore[attr-defined] # a generator
    return steps / seconds


def measure(chosen: argparse.Namespace, data: Data, device: torch.device) -> dict[str, float]:
    """Measure steps and input, both ways by turns; medians of steps/s and their ratio."""
    sources: dict[str, Batches] = {
        "ours": lambda: our_batches(data, device),
        "usual": lambda: usual_batches(data, chosen.size, chosen.workers, device),
    }
    memory = torch.empty((data.batch, 3, chosen.size, chosen.size), device=device)
    memory = memory.contiguous(memory_format=torch.channels_last)

    def read(batch: Batch) -> Tensor:
        if batch.params is None:
            return as_input(batch.images, device)
        return NOISE(batch.images, batch.params, memory)

    found: dict[str, float] = {}
    for name in ("step", "input"):
        uses: dict[str, Callable[[Batch], object]] = dict.fromkeys(sources, read)
        if name == "step":
            for way in sources:
                learner = Learner("maknet", data.batch, chosen.size, device, width=chosen.width)
                uses[way] = learner.learn
        seen: dict[str, list[float]] = {way: [] for way in sources}
        for attempt in range(chosen.repeats + 1):
            for way, batches in sources.items():
                rate = turn(batches, uses[way], chosen.steps, device.type)
                if attempt:  # the first is a warm-up
                    seen[way].append(rate)
        for way, values in seen.items():
            found[f"{name}_{way}_per_s"] = statistics.median(values)
        found[f"{name}_ours_to_usual"] = found[f"{name}_ours_per_s"] / found[f"{name}_usual_per_s"]
    return found


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--size", type=int, default=128, help="image side")
    parser.add_argument("--width", type=float, default=0.25, help="part of MAKNet's width")
    parser.add_argument("--batch", type=int, default=16, help="images a step, half labeled")
    parser.add_argument("--steps", type=int, default=10, help="steps a turn")
    parser.add_argument("--images", type=int, default=512, help="images on disk")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="processes of the usual loop")
    chosen = parser.parse_args()
    device = open_device(chosen.device, 1)
    with tempfile.TemporaryDirectory() as folder:
        data = Data(Path(folder), chosen.size, chosen.images, chosen.batch)
        found = measure(chosen, data, device)
    where = {"device": device.type, "cores": len(os.sched_getaffinity(0)), "labels": LABELS}
    options = {k: v for k, v in vars(chosen).items() if k != "device"}
    print(json.dumps(where | options | {k: round(v, 3) for k, v in found.items()}, indent=2))


if __name__ == "__main__":
    main()
