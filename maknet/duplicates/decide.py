"""When two images are called one: fine detail that agrees, and a size that does.

A copy keeps its size in mm, whatever its pixels are. One slice of low detail proves little: two
patients' slices may look alike, and do in synthetic CT. Several slices of two series that agree, in
order and distance, prove more, as do two key slices of one patient; so there are two verdicts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

CONFIRMED: Literal["confirmed"] = "confirmed"
LIKELY: Literal["likely"] = "likely"


@dataclass(frozen=True)
class Limits:
    """What is compared, and what is called a copy (config section `duplicates`).

    Attributes:
        nearest: Look-alikes of a slice that are compared on pixels.
        probes: Slices of an unlabeled series that are looked for in the others.
        correlation: Least correlation of the fine detail of a likely copy.
        several: Least correlation of the most alike of several slices that confirm a copy.
        certain: Least correlation of the fine detail of a copy that one slice confirms.
        size_tolerance: How much the sizes along rows and columns may differ, as a part.
    """

    nearest: int
    probes: int
    correlation: float
    several: float
    certain: float
    size_tolerance: float

    @classmethod
    def from_config(cls, section: Mapping[str, Any]) -> "Limits":
        """Read the config section."""
        return cls(**{name: section[name] for name in cls.__dataclass_fields__})


def alike(
    correlation: NDArray[np.floating], size_ratio: NDArray[np.floating], limits: Limits
) -> NDArray[np.bool_]:
    """Return which pairs of images may show one scan.

    Args:
        correlation: Of their fine detail, (P,).
        size_ratio: Size in mm of what the second shows over that of the first, along rows and
            columns, (P, 2); no number where a pixel size is unknown, which rules nothing out.
        limits: When they do.
    """
    differs = (np.abs(size_ratio - 1) > limits.size_tolerance).any(1)  # False for NaN
    found: NDArray[np.bool_] = ~differs & (correlation >= limits.correlation)
    return found


def consistent(offset_mm: NDArray[np.floating], tolerance_mm: float) -> int:
    """Return how many pairs of two series agree on how far one series is shifted along the other.

    Args:
        offset_mm: Position in the second less that in the first, of each pair, (P,).
        tolerance_mm: How far they may lie apart.
    """
    order = np.sort(offset_mm[np.isfinite(offset_mm)])
    last = np.searchsorted(order, order + tolerance_mm, side="right")
    return max(int((last - np.arange(len(order))).max(initial=0)), min(len(offset_mm), 1))
