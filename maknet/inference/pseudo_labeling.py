"""Pseudo-labels of all unlabeled images, batch after batch, in memory that does not grow with L.

N images, L labels.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from maknet.data.labels.pseudo_labels import (
    NONE,
    PseudoLabels,
    candidates,
    drop_exclusive,
    sparse_labels,
)
from maknet.data.shards.pool import ConcatShards
from maknet.inference.scores import score_batches
from maknet.progress import progress


def label_images(
    network: nn.Module,
    pool: ConcatShards,
    names: Sequence[str],
    exclusive: NDArray[np.bool_],
    top: int,
    threshold: float,
    batch_size: int,
    device: torch.device,
    threads: int = 1,
    excluded: NDArray[np.bool_] | None = None,
) -> PseudoLabels:
    """Label every image of the pool (paper section 4.2), noise off.

    Args:
        network: The teacher, or the student of the round before.
        pool: N images; a shard's file name without suffix is its batch.
        names: Names of the labels, (L,).
        exclusive: Whether two labels exclude each other, (L, L), symmetric.
        top: Largest number of labels per image.
        threshold: Probability that a label must exceed.
        batch_size: Images per batch.
        device: Device of the network.
        threads: Number of threads that read ahead.
        excluded: Images that are left out and get no labels, (N,); none by default.
    """
    excluded = np.zeros(len(pool), bool) if excluded is None else excluded
    label = np.full((len(pool), min(top, len(names))), NONE, np.int16)
    score = np.zeros(label.shape, np.float32)
    removed = np.zeros(len(pool), np.uint8)
    rows = np.flatnonzero(~excluded)
    batches = score_batches(network, pool, rows, batch_size, device, threads)
    start = 0
    for scores in _with_progress(batches, len(rows)):
        part = rows[start : start + len(scores)]
        candidate = candidates(scores, top, threshold)
        kept = drop_exclusive(scores, candidate, exclusive)
        label[part], score[part] = sparse_labels(scores, kept, label.shape[1])
        removed[part] = (candidate & ~kept).sum(1)
        start += len(scores)
    shards = tuple(path.stem for path in pool.paths)
    return PseudoLabels(tuple(names), shards, pool.counts, label, score, removed, excluded)


def _with_progress(batches: Iterator[NDArray[np.float32]], total: int) -> Iterator[NDArray[Any]]:
    with progress("pseudo-labels", total, "image") as bar:
        for scores in batches:
            yield scores
            bar.update(len(scores))
