"""LesaNet's two label files as they are on disk, checked before anything counts with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from maknet.errors import InputError
from maknet.files import read_json

MINED_SPLITS = ("train", "val", "test")


def read_mined(path: str | Path) -> dict[str, Any]:
    """Read `text_mined_labels_171_and_split.json` or a file of its layout.

    Raises:
        InputError: The file is of another layout, or a list of lesions is no list of ids.
    """
    mined = read_json(path)
    keys = ["term_list"] + [
        f"{split}_{part}"
        for split in MINED_SPLITS
        for part in ("lesion_idxs", "relevant_labels", "uncertain_labels")
    ]
    for key in keys:
        if not isinstance(mined, Mapping) or not isinstance(mined.get(key), list):
            raise InputError(f"{path} has no list {key!r}; it is not LesaNet's label file.")
    if any(not isinstance(term, str) for term in mined["term_list"]):
        raise InputError(f"{path}: 'term_list' holds something other than names.")
    if len(set(mined["term_list"])) < len(mined["term_list"]):
        raise InputError(f"{path}: 'term_list' names a term twice.")
    for split in MINED_SPLITS:
        lengths = {
            len(mined[f"{split}_{part}"])
            for part in ("lesion_idxs", "relevant_labels", "uncertain_labels")
        }
        if len(lengths) > 1:
            raise InputError(f"{path}: the lists of {split!r} differ in length; replace the file.")
        _check_lesions(mined[f"{split}_lesion_idxs"], path)
    return dict(mined)


def read_hand(path: str | Path) -> list[dict[str, Any]]:
    """Read `hand_labeled_test_set.json` or a file of its layout.

    Raises:
        InputError: The file is of another layout, or a lesion has no id.
    """
    items = read_json(path)
    if not isinstance(items, list) or not all(map(_is_hand_labeled, items)):
        raise InputError(
            f"{path} is not a list of lesions with lesion_idx and expanded_terms; "
            "use LesaNet's hand-labeled test set."
        )
    _check_lesions([item.get("lesion_idx") for item in items], path)
    return items


def _is_hand_labeled(item: object) -> bool:
    terms = item.get("expanded_terms") if isinstance(item, dict) else None
    return isinstance(terms, list) and all(isinstance(term, str) for term in terms)


def _check_lesions(values: Sequence[Any], path: str | Path) -> None:
    """Refuse what is no lesion id: each is a row number and occurs once in its list."""
    for value in values:
        if type(value) is not int or not 0 <= value < 2**31:
            words = repr(value)[:50]
            raise InputError(f"{path}: {words} is not a lesion id; ids are row numbers.")
    if len(set(values)) < len(values):
        raise InputError(f"{path} lists a lesion twice; replace the file.")
