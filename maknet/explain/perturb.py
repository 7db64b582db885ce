"""Changes of an image that ask what a network looks at (paper section 5.2).

The paper replaces an organ's pixels by neighbors, puts black patches on regions of interest, and
deletes the most influential pixels. It gives neither sizes nor masks, and DeepLesion has no organ
masks: the region here is the lesion's box, enlarged. N images, S the image side; an image is
(3, S, S) in [0, 1].
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from maknet.data.deeplesion.info import LesionRow
from maknet.files import read_rows

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]
_AIR = 0.02  # of the window's range, -942 HU with the paper's: between air and lung


def region_mask(
    box: tuple[float, float, float, float], crop: tuple[int, int, int, int], size: int, scale: float
) -> Mask:
    """Return where a lesion lies in its prepared image, (S, S).

    Args:
        box: x1, y1, x2, y2 in pixels of the slice, counted from 1 as in `DL_info.csv`.
        crop: Top, bottom, left, right of the part of the slice that was prepared, in its pixels.
        size: Image side in pixels, S.
        scale: Factor by which the box is enlarged about its center; at least one pixel remains.
    """
    top, bottom, left, right = crop
    across, down = size / (right - left), size / (bottom - top)
    x1, y1, x2, y2 = (value - 1 for value in box)
    columns = _span((x1 - left) * across, (x2 + 1 - left) * across, scale, size)
    rows = _span((y1 - top) * down, (y2 + 1 - top) * down, scale, size)
    mask = np.zeros((size, size), bool)
    mask[rows, columns] = True
    return mask


def lesion_regions(index: str | Path, info: Sequence[LesionRow], size: int, scale: float) -> Mask:
    """Return the region of every image of a shard of labeled images, (N, S, S).

    Args:
        index: CSV of the shard, which has each image's crop.
        info: Rows of `DL_info.csv`.
        size: Image side in pixels, S.
        scale: Factor by which the boxes are enlarged, see `region_mask`.
    """
    sides = ("crop_top", "crop_bottom", "crop_left", "crop_right")
    regions = [
        region_mask(info[int(row["lesion_index"])].box, _crop(row, sides), size, scale)
        for row in read_rows(index)
    ]
    return np.stack(regions)


def _crop(row: Mapping[str, str], sides: Sequence[str]) -> tuple[int, int, int, int]:
    top, bottom, left, right = (int(row[side]) for side in sides)
    return top, bottom, left, right


def _span(low: float, high: float, scale: float, size: int) -> slice:
    center, half = (low + high) / 2, (high - low) / 2 * scale
    start = int(np.clip(np.floor(center - half), 0, size - 1))
    end = int(np.clip(np.ceil(center + half), start + 1, size))
    return slice(start, end)


def replace_by_neighbors(image: Image, mask: Mask) -> Image:
    """Replace every pixel of the region by the nearest one outside it.

    Args:
        image: (3, S, S).
        mask: Region to replace, (S, S).

    Returns:
        (3, S, S); black where the region is the whole image.
    """
    if mask.all():
        return np.zeros_like(image)
    nearest = ndimage.distance_transform_edt(mask, return_distances=False, return_indices=True)
    rows, columns = nearest
    replaced: Image = image[:, rows, columns]
    return replaced


def black_out(image: Image, mask: Mask) -> Image:
    """Set the region to black, which is air.

    Args:
        image: (3, S, S).
        mask: Region to black out, (S, S).

    Returns:
        (3, S, S).
    """
    return np.where(mask, np.float32(0), image)


def most_influential(attribution: NDArray[np.floating], fraction: float) -> Mask:
    """Return the pixels (S, S) of the largest attribution, ties by position.

    Args:
        attribution: Attribution of each pixel, (S, S).
        fraction: Fraction of all pixels to return.
    """
    count = round(fraction * attribution.size)
    order = np.argsort(-attribution.ravel(), kind="stable")[:count]
    mask = np.zeros(attribution.size, bool)
    mask[order] = True
    return mask.reshape(attribution.shape)


def random_pixels(image: Image, fraction: float, generator: np.random.Generator) -> Mask:
    """Return random pixels (S, S), the control that deletion by attribution has to beat.

    Pixels of air come last: to black them out changes nothing, and no attribution falls on them.

    Args:
        image: (3, S, S) in [0, 1].
        fraction: Fraction of all pixels to return.
        generator: Generator that the pixels are drawn from.
    """
    is_air = (image.max(0) <= _AIR).ravel()
    order = generator.permutation(is_air.size)
    order = order[np.argsort(is_air[order], kind="stable")]
    mask = np.zeros(is_air.size, bool)
    mask[order[: round(fraction * mask.size)]] = True
    return mask.reshape(image.shape[1:])
