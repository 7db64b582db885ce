"""Batches of images, read ahead of the network into buffers that are used again.

Threads read, not worker processes: reading a block of a file releases Python's lock, and a process
would pay a fresh shared-memory segment for every batch. A fresh buffer per batch would pay as many
page faults. N images of a source, R of them that are read, B images of a batch, C slices, S the
image side.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maknet.seeding import generator

_AHEAD = 4


class ImageSource(Protocol):
    """Where images are read from: a shard or a pool of shards."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all images, (N, C, S, S)."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of a pixel."""
        ...

    def read(self, rows: Sequence[int] | NDArray[np.integer], out: NDArray[Any]) -> None:
        """Read images into a buffer.

        Args:
            rows: Numbers of the images, (R,).
            out: Buffer to fill, (R, C, S, S) of the source's type, contiguous.
        """
        ...


@dataclass(frozen=True)
class Part:
    """Images of one source within a batch.

    Attributes:
        source: Shard or pool of shards to read the images from.
        rows: Numbers of the images, (R,).
    """

    source: ImageSource
    rows: NDArray[np.integer]


def epoch_order(count: int, seed: int, epoch: int, purpose: str = "order") -> NDArray[np.int64]:
    """Return the order of the images in one epoch, a permutation (count,).

    Args:
        count: Number of images.
        seed: Seed of the run.
        epoch: Epoch, counted from 0.
        purpose: Name that separates this order from others of the seed.
    """
    return generator(seed, purpose, epoch).permutation(count)


def split_batches(source: ImageSource, rows: NDArray[np.integer], size: int) -> list[list[Part]]:
    """Cut rows into batches of one part each; the last may be smaller.

    Args:
        source: Shard or pool of shards to read the images from.
        rows: Numbers of the images, (N,).
        size: Images per batch.
    """
    return [[Part(source, rows[i : i + size])] for i in range(0, len(rows), size)]


class Buffer:
    """Memory for one batch, pinned where a GPU copies from it."""

    def __init__(self, shape: tuple[int, ...], kind: np.dtype[Any], device: torch.device) -> None:
        images = torch.from_numpy(np.empty(shape, kind))
        self.images = images.pin_memory() if device.type == "cuda" else images
        self.copied: torch.cuda.Event | None = None

    def fill(self, parts: Sequence[Part]) -> Tensor:
        """Read the parts one after the other; return the images that were read."""
        if self.copied is not None:
            self.copied.synchronize()  # the GPU may still be copying the last batch
        start = 0
        for part in parts:
            end = start + len(part.rows)
            part.source.read(part.rows, self.images[start:end].numpy())
            start = end
        return self.images[:start]

    def send(self, images: Tensor, device: torch.device) -> Tensor:
        """Move images of this buffer to the device; a CPU takes them as they lie here."""
        if device.type != "cuda":
            return images
        moved = images.to(device, non_blocking=True)
        self.copied = torch.cuda.Event()  # type: ignore[no-untyped-call] # torch's stub
        self.copied.record()
        return moved


def prefetch(
    batches: Iterable[Sequence[Part]], batch_size: int, device: torch.device, threads: int = 1,
    free: list[Buffer] | None = None,
) -> Iterator[Tensor]:  # fmt: skip
    """Yield the images of each batch on `device`, (B, C, S, S) in the source's type, in order.

    On the CPU a batch is valid until the next one is asked for.

    Args:
        batches: Parts of each batch, which lie one after the other in the tensor.
        batch_size: Largest number of images in a batch.
        device: Device that the images are moved to.
        threads: Number of threads that read ahead; more than one hides the latency of a network
            file system.
        free: Buffers of an earlier call with the same sources, batch size and device, which are
            used again and given back; fresh memory costs page faults, and pinning it more.
    """
    free = [] if free is None else free
    pending: deque[tuple[Buffer, Future[Tensor]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="read-ahead")
    try:
        for parts in batches:
            source = parts[0].source
            shape = (batch_size, *source.shape[1:])
            buffer = free.pop() if free else Buffer(shape, source.dtype, device)
            pending.append((buffer, pool.submit(buffer.fill, parts)))
            if len(pending) >= _AHEAD + threads:
                yield from _next(pending, free, device)
        while pending:
            yield from _next(pending, free, device)
    finally:
        pool.shutdown(cancel_futures=True)
        free.extend(buffer for buffer, _ in pending)


def _next(
    pending: deque[tuple[Buffer, Future[Tensor]]], free: list[Buffer], device: torch.device
) -> Iterator[Tensor]:
    """Yield the oldest batch and free its buffer when the consumer comes back."""
    buffer, future = pending.popleft()
    yield buffer.send(future.result(), device)
    free.append(buffer)
