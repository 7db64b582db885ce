"""How many lesions the splits hold, and what they share: lesions, key slices, patients.

LesaNet draws its hand-labeled lesions partly from the text-mined test set, so those two overlap as
published. Every other pair must have no lesion in common, and no patient unless the configuration
says so: whoever is learned from is not tested on. Lesions are rows of `DL_info.csv`.
"""

import logging
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.errors import InputError

Lesions = Mapping[str, NDArray[np.int64]]  # rows of DL_info.csv by split

OVERLAP_COLUMNS = (
    "dataset", "labels", "first", "first_lesions", "first_patients", "second", "second_lesions",
    "second_patients", "shared_lesions", "shared_slices", "shared_patients", "patients",
)  # fmt: skip
EVALUATED = ("val", "test", "hand")  # splits that a network must not have seen
_MAY_OVERLAP = ("test", "hand")
_NAMED = 20  # patients at most in a sentence

logger = logging.getLogger("maknet")


def check_counts(lesions: Lesions, expected: Mapping[str, int] | None) -> None:
    """Hold the number of lesions of each split against what is expected.

    Raises:
        InputError: A split has another number.
    """
    found = {split: len(lesions[split]) for split in expected or {}}
    if expected and found != expected:
        counts, wanted = (
            ", ".join(f"{split} {number:,}" for split, number in numbers.items())
            for numbers in (found, expected)
        )
        raise InputError(
            f"labeled.expect_counts: the splits have {counts} lesions, not {wanted}; put the "
            "published label files and DL_info.csv there, or set the key to null."
        )


def check_lesions(lesions: Lesions, files: Mapping[str, str | Path]) -> None:
    """Refuse a lesion that is in two splits, unless they are the two test sets.

    Args:
        lesions: Of each split.
        files: The label file of each split.

    Raises:
        InputError: The first such lesion, with its file.
    """
    for first, second in _apart(lesions):
        shared = np.intersect1d(lesions[first], lesions[second])
        if len(shared):
            raise InputError(
                f"{files[second]}: lesion {shared[0]} of {second!r} is in {first!r} as well "
                f"({len(shared)} in all); leave each lesion in one of the two."
            )


def check_patients(
    lesions: Lesions, patients: Sequence[int], allowed: Collection[int] | None, dl_info: str | Path
) -> None:
    """Refuse a patient in two splits, unless they are the test sets; allowed ones are logged.

    Args:
        lesions: Of each split.
        patients: The patient of each row of `DL_info.csv`.
        allowed: Patients who may be in two splits; None for any, as in the published split.
        dl_info: The file, for the message.

    Raises:
        InputError: The first pair of splits that shares others, with their numbers.
    """
    for first, second in _apart(lesions):
        shared = _shared(lesions, patients, first, second)
        refused = [] if allowed is None else [number for number in shared if number not in allowed]
        if refused:
            one = len(refused) == 1
            raise InputError(
                f"{dl_info}: {'patient' if one else 'patients'} {_listed(refused)} "
                f"{'is' if one else 'are'} in both {first!r} and {second!r}; split by patient, or "
                f"name {'the number' if one else 'the numbers'} in labeled.shared_patients."
            )
        if shared:
            logger.warning("%s and %s share patients: %s", first, second, _listed(shared))


def count_overlap(
    lesions: Lesions, patients: Sequence[int], slices: Sequence[Hashable]
) -> list[dict[str, Any]]:
    """Count what each pair of splits shares.

    Args:
        lesions: Of each split.
        patients: The patient of each row of `DL_info.csv`.
        slices: The key slice of each row.

    Returns:
        One row a pair, keys as `OVERLAP_COLUMNS` behind `labels`; `patients` names those shared by
        splits that should share none.
    """
    rows = []
    for first, second in combinations(lesions, 2):
        shared = _shared(lesions, patients, first, second)
        pictures = [{slices[row] for row in lesions[split]} for split in (first, second)]
        rows.append({
            "first": first, "first_lesions": len(lesions[first]),
            "first_patients": len(_patients(lesions[first], patients)),
            "second": second, "second_lesions": len(lesions[second]),
            "second_patients": len(_patients(lesions[second], patients)),
            "shared_lesions": len(np.intersect1d(lesions[first], lesions[second])),
            "shared_slices": len(pictures[0] & pictures[1]),
            "shared_patients": len(shared),
            "patients": "" if (first, second) == _MAY_OVERLAP else " ".join(map(str, shared)),
        })  # fmt: skip
    return rows


def _apart(lesions: Lesions) -> list[tuple[str, str]]:
    """Return the pairs of splits that should share nothing."""
    return [pair for pair in combinations(lesions, 2) if pair != _MAY_OVERLAP]


def _patients(rows: NDArray[np.int64], patients: Sequence[int]) -> set[int]:
    return {patients[row] for row in rows}


def _shared(lesions: Lesions, patients: Sequence[int], first: str, second: str) -> list[int]:
    return sorted(_patients(lesions[first], patients) & _patients(lesions[second], patients))


def _listed(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:_NAMED]))
    more = len(numbers) - _NAMED
    return f"{shown} and {more} more" if more > 0 else shown
