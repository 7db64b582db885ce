"""Images of a split joined with their labels. N lesions."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.label_table import LabelTable, load_table, select_lesions
from maknet.data.shards.shard import ShardReader
from maknet.errors import InputError
from maknet.files import parsing, read_rows


@dataclass(frozen=True)
class LabeledImages:
    """Images and their labels, row by row.

    Attributes:
        images: Shard of N images.
        labels: Labels of the same N lesions.
    """

    images: ShardReader
    labels: LabelTable

    def __post_init__(self) -> None:
        """Check that images and labels have equal length.

        Raises:
            InputError: They have not.
        """
        if len(self.images) != len(self.labels):
            raise InputError(
                f"{self.images.path} has {len(self.images)} images for {len(self.labels)} lesions; "
                "prepare both anew."
            )


def load_labeled_images(shard: str | Path, index: str | Path, labels: str | Path) -> LabeledImages:
    """Join a shard with its label table through the lesion numbers in its index.

    Lesions whose image could not be read are in the table but not in the shard; they drop out here.
    """
    table = load_table(labels)
    return LabeledImages(ShardReader(shard), select_lesions(table, index_lesions(index), index))


def index_lesions(index: str | Path) -> NDArray[np.int64]:
    """Read the lesion numbers of a shard's index, (N,).

    Raises:
        InputError: The file is no such index.
    """
    rows = read_rows(index)
    with parsing(index, "the index of a shard", "prepare anew"):
        return np.array([int(row["lesion_index"]) for row in rows], np.int64)


def load_split(inputs: Mapping[str, Any], split: str) -> LabeledImages:
    """Load a split from the inputs of a rule: `<split>`, `<split>_index` and `<split>_labels`."""
    return load_labeled_images(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
