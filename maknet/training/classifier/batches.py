"""Training batches of the classifiers: from one stream of labeled images, or several in parallel.

The first stream defines the epochs. The others go on at their own pace, pass after pass over their
images, so that a student sees its labeled images a hundred times and the unlabeled ones four
times (paper section 4.2). Everything about a step follows from the seed, the epoch and the step,
so that a training can start in the middle. N images of a stream, B images of a batch, C slices, S
the image side, L labels.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from maknet.data.shards.prefetch import Buffer, ImageSource, Part, epoch_order, prefetch
from maknet.training.classifier.augment import Augmentation, sample_params

Targets = Callable[[NDArray[np.integer]], tuple[NDArray[np.bool_], NDArray[np.bool_]]]


@dataclass(frozen=True)
class Stream:
    """Images with labels, of which each step takes a fixed number.

    Attributes:
        name: Name that separates its random draws from those of other streams.
        source: Shard or pool of shards to read the images from.
        rows: Rows of the source that are used, (N,).
        targets: Maps rows of the source to their positive and their known labels, (len(rows), L)
            bool each.
        batch_size: Images per step.
        weight: Weight of its mean loss in the sum over streams.
    """

    name: str
    source: ImageSource
    rows: NDArray[np.int64]
    targets: Targets
    batch_size: int
    weight: float = 1.0


@dataclass(frozen=True)
class Batch:
    """One step's images and labels, the streams one after the other.

    Attributes:
        images: (B, C, S, S) uint8.
        positive: 1 for the positive labels, (B, L) float32.
        known: Whether each label is known, (B, L) bool.
        params: Augmentation parameters, (B, 7) on the CPU; None without augmentation.
        sizes: Number of images of each stream; their sum is B.
    """

    images: Tensor
    positive: Tensor
    known: Tensor
    params: Tensor | None
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class _Share:
    """The rows and augmentation parameters that one stream contributes to one step."""

    stream: Stream
    rows: NDArray[np.int64]
    params: NDArray[np.float32]


class BatchLoader:
    """Loads the batches of a classifier training.

    Args:
        streams: Streams that each batch draws from; the first defines the epochs, and its last
            batch of an epoch may be smaller.
        seed: Seed of the order and of the augmentation parameters.
        augmentation: Noise on all images; a teacher has none.
    """

    def __init__(
        self, streams: Sequence[Stream], seed: int, augmentation: Augmentation | None = None
    ) -> None:
        self.streams = tuple(streams)
        self.augmentation = augmentation
        self._seed = seed
        self._free: list[Buffer] = []
        self._pass = lru_cache(maxsize=2 * len(streams))(self._draw_pass)
        first = min(streams[0].batch_size, len(streams[0].rows))
        self.batch_size = first + sum(stream.batch_size for stream in streams[1:])
        full, rest = divmod(len(streams[0].rows), streams[0].batch_size)
        # Batch normalization cannot learn from a single image.
        alone = full > 0 and rest == 1 and len(self.streams) == 1
        self.steps_per_epoch = full + (rest > 0) - alone

    def batches(
        self, epoch: int, first_step: int, device: torch.device, threads: int
    ) -> Iterator[Batch]:
        """Yield the remaining batches of an epoch; each is valid as long as those of `prefetch`.

        Args:
            epoch: Epoch, counted from 0.
            first_step: First step of the epoch to yield, counted from 0.
            device: Device that the batches are moved to.
            threads: Number of threads that read ahead.
        """
        planned: deque[list[_Share]] = deque()

        def parts() -> Iterator[list[Part]]:
            for step in range(first_step, self.steps_per_epoch):
                planned.append([self._share(i, epoch, step) for i in range(len(self.streams))])
                yield [Part(share.stream.source, share.rows) for share in planned[-1]]

        for images in prefetch(parts(), self.batch_size, device, threads, self._free):
            yield self._batch(planned.popleft(), images, device)

    def _share(self, number: int, epoch: int, step: int) -> _Share:
        """Return the images of one stream in one step."""
        stream = self.streams[number]
        size, total = stream.batch_size, len(stream.rows)
        if number == 0:
            start, count = epoch * total + step * size, min(size, total - step * size)
        else:
            start, count = (epoch * self.steps_per_epoch + step) * size, size
        rows, params = [], []
        while count:
            pass_number, offset = divmod(start, total)
            order, changes = self._pass(number, pass_number)
            chosen = order[offset : offset + count]
            rows.append(stream.rows[chosen])
            params.append(changes[chosen])
            start, count = start + len(chosen), count - len(chosen)
        return _Share(stream, np.concatenate(rows), np.concatenate(params))

    def _draw_pass(
        self, number: int, pass_number: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the order of one pass over a stream, and the changes of each of its images."""
        stream = self.streams[number]
        total = len(stream.rows)
        order = epoch_order(total, self._seed, pass_number, f"order/{stream.name}")
        if self.augmentation is None:
            return order, np.empty((total, 0), np.float32)
        return order, sample_params(self._seed, f"augment/{stream.name}", pass_number, total)

    def _batch(self, shares: Sequence[_Share], images: Tensor, device: torch.device) -> Batch:
        labels = [share.stream.targets(share.rows) for share in shares]
        positive, known = (np.concatenate(arrays) for arrays in zip(*labels, strict=True))
        params = None
        if self.augmentation is not None:
            params = torch.from_numpy(np.concatenate([share.params for share in shares]))
        return Batch(
            images,
            torch.from_numpy(positive).to(device, torch.float32, non_blocking=True),
            torch.from_numpy(known).to(device, non_blocking=True),
            params,
            tuple(len(share.rows) for share in shares),
        )
