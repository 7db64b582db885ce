"""Pictures of pairs: both scans in one frame, and what remains when one is taken from the other."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maknet.duplicates.confirm import side_by_side
from maknet.leakage.image_sets import ImageSet

SHOWN = 12  # pairs that have a picture, the first of the table
SIDE = 96


def pair_pictures(pairs: pd.DataFrame, sets: Sequence[ImageSet]) -> NDArray[np.float32]:
    """Return pictures of the first pairs of the table, (P, 2, n, n), 0 to 1 in soft tissue.

    Args:
        pairs: What `find_duplicates` found.
        sets: All sets that its rows name.
    """
    by_name = {images.name: images for images in sets}
    found = [np.empty((0, 2, SIDE, SIDE), np.float32)]
    for _, row in pairs.head(SHOWN).iterrows():
        one, other = by_name[row["set_1"]], by_name[row["set_2"]]
        numbers = np.array([row["image_1"]]), np.array([row["image_2"]])
        windows = one.window_hu, other.window_hu
        found.append(side_by_side(one.images(numbers[0]), other.images(numbers[1]), windows))
    return np.concatenate(found)
