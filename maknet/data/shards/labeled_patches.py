"""Patches of a split joined with their boxes and labels, for LesaNet.

N lesions, P the patch's side in pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.label_table import LabelTable, load_table, select_lesions
from maknet.data.shards.labeled_images import index_lesions
from maknet.data.shards.shard import ShardReader
from maknet.errors import InputError
from maknet.files import parsing, read_rows


@dataclass(frozen=True)
class LabeledPatches:
    """Patches, boxes and labels, row by row.

    Attributes:
        patches: (N, 3, P, P) int16 HU.
        boxes: x1, y1, x2, y2 in pixels of the patch, (N, 4).
        labels: Labels of the N lesions.
    """

    patches: ShardReader
    boxes: NDArray[np.float32]
    labels: LabelTable

    def __len__(self) -> int:
        """Return the number of lesions."""
        return len(self.labels)


def load_boxes(index: str | Path) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Read the lesion numbers (N,) and boxes (N, 4) of a patch shard's index.

    Raises:
        InputError: The file is no such index, or a box is not finite.
    """
    lesions, rows = index_lesions(index), read_rows(index)
    with parsing(index, "the index of a shard of patches", "cut the patches anew"):
        cells = [[float(row[name]) for name in ("x1", "y1", "x2", "y2")] for row in rows]
        boxes = np.array(cells, np.float32).reshape(-1, 4)
    if not np.isfinite(boxes).all():
        raise InputError(f"{index} has a box that is not finite; cut the patches anew.")
    return lesions, boxes


def load_labeled_patches(
    shard: str | Path, index: str | Path, labels: str | Path
) -> LabeledPatches:
    """Join a shard of patches with its label table through the lesion numbers in its index.

    Raises:
        InputError: They do not belong together.
    """
    lesions, boxes = load_boxes(index)
    patches = ShardReader(shard)
    if len(patches) != len(boxes):
        raise InputError(
            f"{shard} has {len(patches)} patches for {len(boxes)} rows of {index}; cut both anew."
        )
    return LabeledPatches(patches, boxes, select_lesions(load_table(labels), lesions, index))


def load_split(inputs: Mapping[str, Any], split: str) -> LabeledPatches:
    """Load a split from the inputs of a rule: `<split>`, `<split>_index` and `<split>_labels`."""
    return load_labeled_patches(inputs[split], inputs[f"{split}_index"], inputs[f"{split}_labels"])
