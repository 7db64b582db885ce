"""Small images whose bright halves name their labels: top, left, or both."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from maknet.data.labeled import Labeled
from maknet.data.labels import LabelTable
from maknet.data.pool import ImagePool
from maknet.data.pseudo_labels import PseudoLabels, sparse_labels
from maknet.data.shards import ShardReader, write_shard
from maknet.models import build_network
from maknet.training.augment import Augmentation
from maknet.training.course import Course
from maknet.training.focal_plan import FocalSettings, focal_plan
from maknet.training.loop import Conditions, Plan
from maknet.training.streams import label_balance, labeled_stream, pseudo_labeled_stream
from maknet.training.validation import Validation

CPU = torch.device("cpu")
NOISE = Augmentation(10.0, (0.7, 1.0), (0.8, 1.25), 0.2, 0.2)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(count)
    positive = generator.random((count, 2)) < 0.5
    images = generator.integers(0, 60, (count, 3, 32, 32)).astype(np.uint8)
    images[positive[:, 0], :, :16] += 120
    images[positive[:, 1], :, :, :16] += 70
    return images, positive


def labeled(folder: Path, name: str, count: int) -> Labeled:
    images, positive = drawn(count)
    write_shard(folder / f"{name}.npy", images)
    table = LabelTable(("top", "left"), np.arange(count), positive, np.ones_like(positive))
    return Labeled(ShardReader(folder / f"{name}.npy"), table)


def unlabeled(folder: Path, counts: tuple[int, ...]) -> tuple[ImagePool, PseudoLabels]:
    paths, kept = [], []
    for number, count in enumerate(counts):
        images, positive = drawn(count)
        paths.append(folder / f"batch{number}.npy")
        write_shard(paths[-1], images)
        kept.append(positive)
    pool, positive = ImagePool(paths), np.concatenate(kept)
    label, score = sparse_labels(np.where(positive, 0.9, 0.1), positive, 2)
    names = tuple(path.stem for path in paths)
    removed = np.zeros(len(pool), np.uint8)
    return pool, PseudoLabels(("top", "left"), names, pool.counts, label, score, removed)


def teacher_plan(folder: Path, seed: int = 1, **changes: Any) -> Plan:
    training = labeled(folder, "train", 64)
    return _plan(training, Course([labeled_stream(training, 8)], seed), folder, seed, changes)


def student_plan(folder: Path, seed: int = 1, **changes: Any) -> Plan:
    training = labeled(folder, "train", 30)
    pool, labels = unlabeled(folder, (13, 0, 20))
    streams = [
        labeled_stream(training, 8),
        pseudo_labeled_stream(pool, labels, "drop", 8),
    ]
    return _plan(training, Course(streams, seed, NOISE), folder, seed, changes)


def _plan(
    training: Labeled, course: Course, folder: Path, seed: int, changes: Mapping[str, Any]
) -> Plan:
    settings = FocalSettings(
        **{
            "epochs": 4,
            "learning_rate": 0.01,
            "keep": "auc",
            "gamma": 2.0,
            "max_weight": 300.0,
            **changes,
        }
    )
    validate = Validation(labeled(folder, "val", 32), [[], []], 16)
    return focal_plan(course, label_balance(training), settings, validate, seed, CPU)


def fresh() -> nn.Module:
    torch.manual_seed(5)
    return build_network("maknet", 2, width=0.125)


conditions = partial(Conditions, CPU)
