"""How fast lesions are loaded and LesaNet's losses sampled, beside the bare step and plain loops.

Ratios of one run, taken in turns. At batch 128 with 171 labels, as in the released code:

* loader: patches from disk against forward, backward and optimizer steps on one batch in memory;
* mining and triplets: the vectorized sampling against loops over entries and triplets.

    python -m benchmarks.lesanet
    python -m benchmarks.lesanet --device cuda
"""

import argparse
import bisect
import itertools
import json
import math
import random
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.train import rates
from maknet.config.arithmetic import precision_on
from maknet.data.labels.label_table import LabelTable
from maknet.data.shards.labeled_patches import LabeledPatches
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.models.arithmetic import Arithmetic, StepNetwork
from maknet.models.build import build_network
from maknet.models.device import open_device
from maknet.training.lesanet.batches import LesionBatch, PatchLoader
from maknet.training.lesanet.losses import (
    draw_entries,
    label_similarity,
    mining_weights,
    reliable_entries,
    sample_triplets,
)
from maknet.training.lesanet.objective import LesaNetObjective, LossSettings
from maknet.training.optimizer import lesanet_sgd

LABELS, BATCH = 171, 128
MINED, TRIPLETS = 10_000, 5_000
WINDOW = (-1024.0, 3071.0)
SETTINGS = LossSettings(1.0, MINED, 5.0, TRIPLETS, 0.1, 300.0)


def drawn_lesions(folder: Path, count: int, side: int) -> LabeledPatches:
    """Return random lesions on disk."""
    generator = np.random.default_rng(1)
    patches = generator.integers(-1024, 3071, (count, 3, side, side)).astype(np.int16)
    write_shard(folder / "p.npy", patches)
    positive = generator.random((count, LABELS)) < 0.03
    table = LabelTable(tuple(map(str, range(LABELS))), np.arange(count), positive,
                       np.ones_like(positive))  # fmt: skip
    corners = np.sort(generator.uniform(0, side, (count, 2, 2)), axis=1).reshape(count, 4)
    return LabeledPatches(ShardReader(folder / "p.npy"), corners.astype(np.float32), table)


def plain_mining(
    logits: list[list[float]], positive: list[list[bool]], exclusive: list[list[bool]], samples: int
) -> list[int]:
    """Weigh and draw entries in loops: lesion by lesion, label by label, draw by draw."""
    weights = []
    for row, truth in zip(logits, positive, strict=True):
        named = [label for label, there in enumerate(truth) if there]
        for label, logit in enumerate(row):
            error = 1 / (1 + math.exp(-logit)) - truth[label]
            sure = truth[label] or any(exclusive[other][label] for other in named)
            weights.append(error**2 if sure else 0.0)
    cumulative = list(itertools.accumulate(weights))
    total = cumulative[-1]
    return [bisect.bisect(cumulative, random.random() * total) for _ in range(samples)]


def plain_triplets(similarity: torch.Tensor, samples: int) -> list[tuple[int, int, int]]:
    """Draw triplets one after the other by the rule."""
    rows = similarity.tolist()
    found = []
    for _ in range(samples):
        anchor = random.randrange(len(rows))
        others = [i for i in range(len(rows)) if i != anchor]
        best = max(rows[anchor][i] for i in others)
        near = random.choice([i for i in others if rows[anchor][i] >= min(best, 1.0)])
        lower = [i for i in others if rows[anchor][i] < rows[anchor][near]]
        if lower:
            found.append((anchor, near, random.choice(lower)))
    return found


def measure_sampling(repeats: int, device: torch.device) -> dict[str, float]:
    """Measure both samplings, in batches/s."""
    generator = torch.Generator().manual_seed(1)
    positive = (torch.rand(BATCH, LABELS, generator=generator) < 0.03).float().to(device)
    upper = torch.triu(torch.rand(LABELS, LABELS, generator=generator) < 0.3, 1)
    exclusive = (upper | upper.T).float().to(device)
    logits = torch.randn(BATCH, LABELS, generator=generator).to(device)
    lists = logits.tolist(), (positive > 0).tolist(), (exclusive > 0).tolist()

    def mine() -> int:
        weights = mining_weights(logits, positive, reliable_entries(positive, exclusive))
        draw_entries(weights, MINED)
        return 1

    def draw() -> int:
        sample_triplets(label_similarity(positive), TRIPLETS)
        return 1

    def plainly_mine() -> int:
        plain_mining(*lists, MINED)
        return 1

    def plainly_draw() -> int:
        plain_triplets(label_similarity(positive), TRIPLETS)
        return 1

    ways = {"mine": mine, "plain_mine": plainly_mine, "draw": draw, "plain_draw": plainly_draw}
    found = rates(ways, repeats * 3, device)
    return {
        "mining_to_plain": found["mine"] / found["plain_mine"],
        "triplets_to_plain": found["draw"] / found["plain_draw"],
    }


def measure_loader(lesions: LabeledPatches, repeats: int, device: torch.device) -> dict[str, float]:
    """Measure the loader by itself, and a step fed by it against a step on one batch."""
    network = build_network("lesanet", LABELS).to(device, memory_format=torch.channels_last)
    forward = StepNetwork(network, Arithmetic(precision_on(device.type, None)), BATCH)
    optimizer = lesanet_sgd(network, 0.9, 1e-4)
    ones = torch.ones(LABELS, device=device)
    exclusive = torch.zeros(LABELS, LABELS, device=device)
    objective = LesaNetObjective((ones, ones), exclusive, SETTINGS, WINDOW)
    course = PatchLoader(lesions, BATCH, 1)
    fixed = next(course.batches(0, 0, device, 1))
    fixed = LesionBatch(fixed.patches.clone(), fixed.boxes, fixed.positive, fixed.known)

    def step(batch: LesionBatch) -> int:
        optimizer.zero_grad(set_to_none=True)
        objective(forward, batch, device).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return len(batch.boxes)

    steps = course.steps_per_epoch
    found = rates(
        {
            "loader": lambda: sum(len(b.boxes) for b in course.batches(0, 0, device, 1)),
            "loop": lambda: sum(step(batch) for batch in course.batches(0, 0, device, 1)),
            "bare": lambda: sum(step(fixed) for _ in range(steps)),
        },
        repeats, device,
    )  # fmt: skip
    return {
        "loader_lesions_per_s": found["loader"],
        "loader_to_bare": found["loader"] / found["bare"],
        "loop_to_bare": found["loop"] / found["bare"],
    }


def main() -> None:
    """Measure and print as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batches", type=int, default=1, help="batches on disk")
    chosen = parser.parse_args()
    device = open_device(chosen.device, 1)
    with tempfile.TemporaryDirectory() as folder:
        lesions = drawn_lesions(Path(folder), BATCH * chosen.batches, 120)
        found = measure_sampling(chosen.repeats, device)
        found |= measure_loader(lesions, chosen.repeats, device)
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2))


if __name__ == "__main__":
    main()
