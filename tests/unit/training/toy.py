"""Small images whose bright halves name their labels: top, left, or both."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from maknet.data.labels.class_weights import ClassWeighting
from maknet.data.labels.label_table import LabelTable
from maknet.data.labels.pseudo_labels import PseudoLabels, sparse_labels
from maknet.data.shards.labeled_images import LabeledImages
from maknet.data.shards.pool import ConcatShards
from maknet.data.shards.shard import ShardReader, write_shard
from maknet.models.build import build_network
from maknet.training.classifier.augment import Augmentation
from maknet.training.classifier.batches import BatchLoader
from maknet.training.classifier.recipe import FocalSettings, focal_recipe
from maknet.training.classifier.streams import label_counts, labeled_stream, pseudo_labeled_stream
from maknet.training.loop import Recipe, Runtime
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


def labeled(folder: Path, name: str, count: int) -> LabeledImages:
    images, positive = drawn(count)
    write_shard(folder / f"{name}.npy", images)
    table = LabelTable(("top", "left"), np.arange(count), positive, np.ones_like(positive))
    return LabeledImages(ShardReader(folder / f"{name}.npy"), table)


def unlabeled(folder: Path, counts: tuple[int, ...]) -> tuple[ConcatShards, PseudoLabels]:
    paths, kept = [], []
    for number, count in enumerate(counts):
        images, positive = drawn(count)
        paths.append(folder / f"batch{number}.npy")
        write_shard(paths[-1], images)
        kept.append(positive)
    pool, positive = ConcatShards(paths), np.concatenate(kept)
    label, score = sparse_labels(np.where(positive, 0.9, 0.1), positive, 2)
    names = tuple(path.stem for path in paths)
    removed = np.zeros(len(pool), np.uint8)
    excluded = np.zeros(len(pool), bool)
    return pool, PseudoLabels(("top", "left"), names, pool.counts, label, score, removed, excluded)


def teacher_recipe(folder: Path, seed: int = 1, **changes: Any) -> Recipe:
    training = labeled(folder, "train", 64)
    return _recipe(
        training, BatchLoader([labeled_stream(training, 8)], seed), folder, seed, changes
    )


def student_recipe(folder: Path, seed: int = 1, **changes: Any) -> Recipe:
    training = labeled(folder, "train", 30)
    pool, labels = unlabeled(folder, (13, 0, 20))
    streams = [
        labeled_stream(training, 8),
        pseudo_labeled_stream(pool, labels, "drop", 8),
    ]
    return _recipe(training, BatchLoader(streams, seed, NOISE), folder, seed, changes)


def _recipe(
    training: LabeledImages,
    loader: BatchLoader,
    folder: Path,
    seed: int,
    changes: Mapping[str, Any],
) -> Recipe:
    settings = FocalSettings(
        **{
            "epochs": 4,
            "learning_rate": 0.01,
            "monitor": "auc",
            "gamma": 2.0,
            "weighting": ClassWeighting(),
            **changes,
        }
    )
    validate = Validation(labeled(folder, "val", 32), [[], []], 16)
    return focal_recipe(loader, label_counts(training), settings, validate, seed, CPU)


def fresh() -> nn.Module:
    torch.manual_seed(5)
    return build_network("maknet", 2, width=0.125)


runtime = partial(Runtime, CPU)
