"""The choice of the lesions that the figures show: by their labels, never by predictions.

N lesions.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.label_table import LabelTable
from maknet.errors import InputError


def choose_examples(
    labels: LabelTable, patients: NDArray[np.int64], count: int, wanted: Sequence[int] | None
) -> list[int]:
    """Choose the example lesions of the figures.

    Args:
        labels: Labels of the N lesions to choose from.
        patients: Patient number of each lesion, (N,).
        count: Number of lesions that the rule chooses.
        wanted: Lesion numbers that are taken instead; None for the rule.

    Returns:
        Rows of the label table: the wanted lesions, or else those with the most labels, at most one
        per patient and per set of labels, ties by lesion number.

    Raises:
        InputError: A wanted lesion is not in the table.
    """
    if wanted is not None:
        place = {int(lesion): row for row, lesion in enumerate(labels.lesion_index)}
        missing = [lesion for lesion in wanted if lesion not in place]
        if missing:
            raise InputError(
                f"The configuration key 'explain.lesions' names lesion {missing[0]}, which is not "
                "in the hand-labeled set; choose others, or null for the rule."
            )
        return [place[lesion] for lesion in wanted]
    order = np.lexsort((labels.lesion_index, -labels.positive.sum(1)))
    chosen: list[int] = []
    seen: set[object] = set()
    for row in order.tolist():
        marks = {int(patients[row]), labels.positive[row].tobytes()}
        if seen.isdisjoint(marks):
            chosen.append(row)
            seen |= marks
        if len(chosen) == count:
            break
    return chosen
