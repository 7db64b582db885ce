"""Batches of images from a shard, in an order that only the seed and the epoch decide.

One thread reads ahead while the network computes: reading a block of a file releases Python's lock,
and a worker process would pay a fresh shared-memory segment for every batch.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maknet.data.shards import ShardReader
from maknet.seeding import stream

_AHEAD = 4


def epoch_order(count: int, seed: int, epoch: int, purpose: str = "order") -> NDArray[np.int64]:
    """Return a permutation of `count` images that belongs to one epoch of one seed."""
    return stream(seed, purpose, epoch).permutation(count)


def read_batches(
    reader: ShardReader, order: NDArray[np.integer], batch_size: int, drop_single: bool = False
) -> Iterator[tuple[NDArray[np.integer], Tensor]]:
    """Yield the rows and images of each batch, (B, C, S, S) uint8, reading ahead.

    Args:
        reader: The shard.
        order: Rows of the shard in the order they are wanted.
        batch_size: B; the last batch may be smaller.
        drop_single: Leave out a last batch of one image, which batch normalization cannot use.
    """
    starts = range(0, len(order), batch_size)
    batches = [order[start : start + batch_size] for start in starts]
    if drop_single and len(batches) > 1 and len(batches[-1]) == 1:
        batches.pop()

    def read(rows: NDArray[np.integer]) -> Tensor:
        return torch.from_numpy(reader.images(rows))

    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        pending: list[tuple[NDArray[np.integer], Future[Tensor]]] = []
        for rows in batches:
            pending.append((rows, pool.submit(read, rows)))
            if len(pending) > _AHEAD:
                first, future = pending.pop(0)
                yield first, future.result()
        for first, future in pending:
            yield first, future.result()
