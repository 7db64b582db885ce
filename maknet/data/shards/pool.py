"""Many shards as one sequence of images: the unlabeled volumes of all batches.

R images that are read, C slices, S the image side.
"""

import errno
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maknet.data.shards.shard import ShardReader, image_bytes
from maknet.errors import InputError


class ConcatShards:
    """Random access to the images of several shards, numbered one shard after the other.

    Empty shards, batches of which every series was refused, are allowed.

    Args:
        shards: Shard files, in the order that numbers the images.

    Raises:
        InputError: A shard is damaged, the shards differ in image size, or hold no image at all.
    """

    def __init__(self, shards: Sequence[str | Path]) -> None:
        self.paths = [Path(shard) for shard in shards]
        self._readers = _open_all(self.paths)
        self.counts = np.array([len(reader) for reader in self._readers], np.int64)
        self._starts = np.concatenate([[0], np.cumsum(self.counts)])
        shapes = {reader.shape[1:] for reader in self._readers if len(reader)}
        if not shapes:
            raise InputError(
                "No unlabeled image is left: every series was refused; look at rejected.csv and "
                "the configuration's section 'series'."
            )
        if len(shapes) > 1:
            raise InputError(
                f"The unlabeled shards hold images of {sorted(shapes)}; prepare them anew with one "
                "configuration."
            )
        self.shape: tuple[int, ...] = (len(self), *shapes.pop())
        self.dtype = self._readers[0].dtype

    def __len__(self) -> int:
        """Return the number of images."""
        return int(self._starts[-1])

    def read(self, rows: Sequence[int] | NDArray[np.integer], out: NDArray[np.uint8]) -> None:
        """Read images into a buffer.

        Args:
            rows: Numbers of the images, (R,).
            out: Buffer to fill, (R, C, S, S) uint8, contiguous.

        Raises:
            IndexError: There is no image of such a number.
        """
        rows = np.asarray(rows)
        outside = (rows < 0) | (rows >= len(self))
        if outside.any():
            raise IndexError(f"image {rows[outside][0]} of {len(self)}")
        shards = np.searchsorted(self._starts, rows, side="right") - 1
        within = rows - self._starts[shards]
        view, size = image_bytes(out), self._readers[0].image_bytes
        # Numbers of Python: numpy's would cost a third as much as reading.
        for place, (shard, row) in enumerate(zip(shards.tolist(), within.tolist(), strict=True)):
            self._readers[shard].read_one(row, view[place * size : (place + 1) * size])


def _open_all(paths: Sequence[Path]) -> list[ShardReader]:
    readers: list[ShardReader] = []
    for path in paths:
        try:
            readers.append(ShardReader(path))
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            raise InputError(
                f"More shards than files that may be open ({len(readers)} of {len(paths)}); raise "
                "unlabeled.batch_size, or the limit with `ulimit -n`."
            ) from error
    return readers
