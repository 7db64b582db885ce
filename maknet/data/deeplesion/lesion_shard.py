"""The shard of a labeled split: an array per lesion, an index, and the lesions left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.deeplesion.info import LesionRow, load_info
from maknet.data.deeplesion.png import ImageUnreadableError
from maknet.data.deeplesion.slices import check_readable
from maknet.data.shards.shard import write_shard
from maknet.files import write_rows
from maknet.progress import tracked

Prepare = Callable[[LesionRow], tuple[NDArray[Any], Mapping[str, object]]]


@dataclass(frozen=True)
class ShardFiles:
    """What is written for a split.

    Attributes:
        shard: `.npy` of the arrays, (N, 3, S, S).
        index: CSV with one row per array.
        unreadable: CSV with one row per lesion that was left out, and why.
    """

    shard: str | Path
    index: str | Path
    unreadable: str | Path


def write_lesion_shard(
    dl_info: str | Path, lesions: Sequence[int] | NDArray[np.integer], prepare: Prepare,
    columns: Sequence[str], empty: NDArray[Any], max_unreadable: int, files: ShardFiles,
) -> None:  # fmt: skip
    """Prepare the named lesions and write their shard; lesions without an image are left out.

    Args:
        dl_info: `DL_info.csv`.
        lesions: Lesion numbers, in the order of the shard.
        prepare: Returns the array (3, S, S) of a lesion and its own columns of the index.
        columns: All columns of the index; `lesion_index`, `patient`, `series` and `key_slice` are
            filled here.
        empty: What the shard begins with, (0, 3, S, S).
        max_unreadable: How many lesions may be left out.
        files: What is written.

    Raises:
        InputError: More than `max_unreadable` lesions have no readable image.
    """
    info = load_info(dl_info)
    arrays, rows, failures = [empty], [], []
    for lesion in tracked([info[int(number)] for number in lesions], "lesions", "lesion"):
        try:
            array, own = prepare(lesion)
        except ImageUnreadableError as error:
            failures.append({"lesion_index": lesion.lesion_index, "why": str(error)})
            continue
        arrays.append(array[None])
        rows.append({
            "lesion_index": lesion.lesion_index, "patient": lesion.patient,
            "series": lesion.series, "key_slice": lesion.key_slice, **own,
        })  # fmt: skip
    check_readable([str(failure["why"]) for failure in failures], len(lesions), max_unreadable)
    write_shard(files.shard, arrays)
    write_rows(files.index, columns, rows)
    write_rows(files.unreadable, ("lesion_index", "why"), failures)
