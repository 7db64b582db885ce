"""What makes the student better: a table of its noise, its epochs and its pseudo-labels.

Shuffled pseudo-labels tell what they teach from what more images and more steps do: every image has
another's labels, and every label its count.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

NOTE = (
    "Noise is the augmentation (rotation, crop, grayscale, contrast); dropout is in all cells. "
    "Epochs are the student's or the teacher's, of the labeled images. Shuffled pseudo-labels are "
    "those of the first round dealt out to other images. Real minus shuffled is what the labels "
    "teach; shuffled minus none is what more images do without them."
)
_LABELS = {
    "none": "no pseudo-labels", "shuffled": "shuffled pseudo-labels", "real": "pseudo-labels",
}  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One combination of the factors.

    Attributes:
        noise: `noise` or `clean`.
        length: Whose epochs: `student` or `teacher`.
        labels: `none`, `shuffled` or `real`.
    """

    noise: str
    length: str
    labels: str

    @property
    def title(self) -> str:
        """What the cell is called; the student's epochs go without saying."""
        noise = "noise" if self.noise == "noise" else "no noise"
        length = "" if self.length == "student" else f", {self.length}'s epochs"
        return f"{_LABELS[self.labels]}, {noise}{length}"


def factor_columns(table: pd.DataFrame, cells: Sequence[Cell]) -> pd.DataFrame:
    """Return the table with the factors of its lines as columns, behind their names.

    Args:
        table: One line a cell.
        cells: The cells of its lines.
    """
    columns = {
        "noise": [cell.noise for cell in cells], "epochs_of": [cell.length for cell in cells],
        "pseudo_labels": [cell.labels for cell in cells],
    }  # fmt: skip
    for place, (name, values) in enumerate(columns.items(), 2):
        table.insert(place, name, values)
    return table


def factor_pairs(cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return pairs of titles that differ in one factor: the second is without it, or has less."""
    less = [("labels", "real", "shuffled"), ("labels", "shuffled", "none"),
            ("labels", "real", "none"), ("noise", "noise", "clean"),
            ("length", "student", "teacher")]  # fmt: skip
    pairs = []
    for factor, more, without in less:
        for cell in cells:
            other = replace(cell, **{factor: without})
            if getattr(cell, factor) == more and other in cells:
                pairs.append((cell.title, other.title))
    return pairs
