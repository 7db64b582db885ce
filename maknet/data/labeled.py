"""Images of a split joined with their labels."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from maknet.data.labels import LabelTable, load_table
from maknet.data.shards import ShardReader
from maknet.errors import InputError
from maknet.files import read_rows


@dataclass(frozen=True)
class Labeled:
    """Images and their labels, row by row."""

    images: ShardReader
    labels: LabelTable

    def __post_init__(self) -> None:
        """Hold the rows together."""
        if len(self.images) != len(self.labels):
            raise InputError(
                f"{self.images.path} has {len(self.images)} images for {len(self.labels)} lesions; "
                "prepare both anew."
            )


def load_labeled(shard: str | Path, index: str | Path, labels: str | Path) -> Labeled:
    """Join a shard with its label table through the lesion numbers in its index.

    Lesions whose image could not be read are in the table but not in the shard; they drop out here.
    """
    table = load_table(labels)
    lesions = np.array([int(row["lesion_index"]) for row in read_rows(index)], np.int64)
    return Labeled(ShardReader(shard), select_lesions(table, lesions, index))


def select_lesions(table: LabelTable, lesions: np.ndarray, source: str | Path) -> LabelTable:
    """Return the rows of `table` for `lesions`, in their order.

    Raises:
        InputError: A lesion is not in the table.
    """
    place = {int(lesion): row for row, lesion in enumerate(table.lesion_index)}
    unknown = [int(lesion) for lesion in lesions if int(lesion) not in place]
    if unknown:
        raise InputError(f"{source} names lesion {unknown[0]}, which has no labels; prepare anew.")
    return table.rows(np.array([place[int(lesion)] for lesion in lesions], np.int64))
