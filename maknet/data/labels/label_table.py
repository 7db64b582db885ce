"""The label tables of DeepLesion, as LesaNet published them and the paper counts them.

Source: the two JSON files of LesaNet (arXiv 1904.04661); paper section 2 for the counts. The unit
is the lesion, a row of `DL_info.csv`, not the slice. Training takes relevant and uncertain labels
together, validation and test only the relevant ones; a lesion stays when it has a label of the
chosen classes and is not flagged `Possibly_noisy`. N is the number of lesions, L of labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maknet.data.labels.label_files import MINED_SPLITS, read_hand, read_mined
from maknet.data.labels.ontology import CLASSES, Ontology, load_ontology
from maknet.data.labels.splits import check_lesions
from maknet.errors import InputError
from maknet.files import parsing, read_rows

SPLITS = (*MINED_SPLITS, "hand")
_FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True}  # with a dot after pandas


@dataclass(frozen=True)
class LabelTable:
    """The labels of one split.

    Attributes:
        names: Names of the labels, (L,).
        lesion_index: 0-based rows of `DL_info.csv`, (N,), in the order of the label file.
        positive: Whether each label holds, (N, L) bool.
        known: Whether each entry is known, (N, L) bool; one that is not known counts neither as
            positive nor as negative.
    """

    names: tuple[str, ...]
    lesion_index: NDArray[np.int64]
    positive: NDArray[np.bool_]
    known: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check that the shapes agree.

        Raises:
            ValueError: `positive` or `known` is not (N, L).
        """
        shape = (len(self.lesion_index), len(self.names))
        if self.positive.shape != shape or self.known.shape != shape:
            raise ValueError(
                f"labels are {self.positive.shape} and {self.known.shape}, not {shape}"
            )

    def __len__(self) -> int:
        """Return the number of lesions."""
        return len(self.lesion_index)

    def rows(self, keep: NDArray[Any]) -> "LabelTable":
        """Return the table of the rows that `keep` chooses: a mask (N,), or positions."""
        return LabelTable(
            self.names, self.lesion_index[keep], self.positive[keep], self.known[keep]
        )


def select_lesions(table: LabelTable, lesions: NDArray[np.int64], source: str | Path) -> LabelTable:
    """Return the rows of a table for some lesions, in their order.

    Args:
        table: Table of all lesions.
        lesions: Lesion numbers, (N,).
        source: File that names the lesions, for the error.

    Raises:
        InputError: A lesion is not in the table.
    """
    place = {int(lesion): row for row, lesion in enumerate(table.lesion_index)}
    unknown = [int(lesion) for lesion in lesions if int(lesion) not in place]
    if unknown:
        raise InputError(f"{source} names lesion {unknown[0]}, which has no labels; prepare anew.")
    return table.rows(np.array([place[int(lesion)] for lesion in lesions], np.int64))


def load_labels(
    text_mined: str | Path,
    hand: str | Path,
    ontology: str | Path,
    dl_info: str | Path | None = None,
    classes: Sequence[str] = ("bodypart",),
) -> dict[str, LabelTable]:
    """Read the text-mined splits and the hand-labeled set.

    Args:
        text_mined: `text_mined_labels_171_and_split.json` or a file of its layout.
        hand: `hand_labeled_test_set.json` or a file of its layout.
        ontology: Sheet with the class and the relations of each term.
        dl_info: `DL_info.csv`; when given, `Possibly_noisy` lesions are dropped and ids are checked
            against its rows.
        classes: Classes of labels to keep.

    Returns:
        Tables `train`, `val`, `test` and `hand`, all over the same names.

    Raises:
        InputError: A file is unusable, an id lies outside its table, a term is unknown, or a lesion
            is in two splits that are not the two test sets.
    """
    mined = read_mined(text_mined)
    all_names: list[str] = mined["term_list"]
    relations = load_ontology(ontology, all_names)
    columns = class_columns(relations, classes)
    noisy = None if dl_info is None else _noisy_flags(dl_info)
    tables = {
        split: _mined_table(mined, split, relations, Path(text_mined)) for split in MINED_SPLITS
    }
    tables["hand"] = _hand_table(read_hand(hand), all_names)
    kept = {
        split: _restrict(table, columns, noisy, hand if split == "hand" else text_mined, dl_info)
        for split, table in tables.items()
    }
    for split, table in kept.items():
        if not len(table):
            raise InputError(
                f"No lesion of the split {split!r} has a label of the classes "
                f"{', '.join(classes)}; add lesions or classes (labeled.classes)."
            )
    check_lesions(lesion_indices(kept), dict.fromkeys(MINED_SPLITS, text_mined) | {"hand": hand})
    return kept


def lesion_indices(tables: Mapping[str, LabelTable]) -> dict[str, NDArray[np.int64]]:
    """Return the lesions of each split."""
    return {split: table.lesion_index for split, table in tables.items()}


def class_columns(ontology: Ontology, classes: Sequence[str]) -> list[int]:
    """Return the indices of the labels whose class is one of `classes`.

    Raises:
        InputError: One of `classes` is unknown.
    """
    for name in classes:
        if name not in CLASSES:
            raise InputError(f"labeled.classes: {name!r} is not one of {', '.join(CLASSES)}.")
    return [i for i, category in enumerate(ontology.categories) if category in classes]


def save_table(path: str | Path, table: LabelTable) -> None:
    """Write a table as an uncompressed `.npz` without pickles."""
    from maknet.data.arrays import save_arrays

    save_arrays(
        path,
        names=np.array(table.names),
        lesion_index=table.lesion_index,
        positive=table.positive,
        known=table.known,
    )


def load_table(path: str | Path) -> LabelTable:
    """Read what `save_table` wrote.

    Raises:
        InputError: The file is missing, damaged or no table of labels.
    """
    from maknet.data.arrays import load_arrays

    arrays = load_arrays(path, ("names", "lesion_index", "positive", "known"))
    with parsing(path, "a table of labels", "prepare anew"):
        names = tuple(str(name) for name in arrays["names"])
        return LabelTable(names, arrays["lesion_index"], arrays["positive"], arrays["known"])


def _mined_table(
    mined: Mapping[str, Any], split: str, ontology: Ontology, path: Path
) -> LabelTable:
    """Return one text-mined split over all labels, uncertain entries masked as LesaNet does."""
    relevant = _indicator(mined[f"{split}_relevant_labels"], len(ontology.names), path, split)
    uncertain = _indicator(mined[f"{split}_uncertain_labels"], len(ontology.names), path, split)
    positive = relevant | uncertain if split == "train" else relevant
    return LabelTable(
        ontology.names,
        np.array(mined[f"{split}_lesion_idxs"], np.int64),
        positive,
        ~_unknown(positive, uncertain, ontology),
    )


def _unknown(
    positive: NDArray[np.bool_], uncertain: NDArray[np.bool_], ontology: Ontology
) -> NDArray[np.bool_]:
    """Return uncertain labels and their parents, unless positive or excluded by a positive."""
    unsure = uncertain.copy()
    for child, parents in enumerate(ontology.parents):
        for parent in parents:
            unsure[:, parent] |= uncertain[:, child]
    excluded = (positive.astype(np.int32) @ ontology.exclusive.astype(np.int32)) > 0
    return unsure & ~positive & ~excluded


def _indicator(
    lists: Sequence[Sequence[Any]], labels: int, path: Path, split: str
) -> NDArray[np.bool_]:
    matrix = np.zeros((len(lists), labels), bool)
    for row, ids in enumerate(lists):
        if not isinstance(ids, list):
            raise InputError(f"{path}: lesion {row} of {split!r} has no list of labels.")
        for label in ids:
            if type(label) is not int or not 0 <= label < labels:
                raise InputError(
                    f"{path}: lesion {row} of {split!r} has the label id {label!r}, but there are "
                    f"{labels} terms; replace the file."
                )
        matrix[row, list(ids)] = True
    return matrix


def _hand_table(items: Sequence[Mapping[str, Any]], names: Sequence[str]) -> LabelTable:
    """Return the hand-labeled set; terms outside `names` are dropped, nothing is masked."""
    index = {name: i for i, name in enumerate(names)}
    positive = np.zeros((len(items), len(names)), bool)
    for row, item in enumerate(items):
        positive[row, [index[term] for term in item["expanded_terms"] if term in index]] = True
    lesions = np.array([item["lesion_idx"] for item in items], np.int64)
    return LabelTable(tuple(names), lesions, positive, np.ones_like(positive))


def _noisy_flags(dl_info: str | Path) -> NDArray[np.bool_]:
    rows = read_rows(dl_info)
    if not rows or "Possibly_noisy" not in rows[0]:
        raise InputError(f"{dl_info} has no column 'Possibly_noisy'; it is not DL_info.csv.")
    flags = [row["Possibly_noisy"].strip() for row in rows]
    for number, flag in enumerate(flags, start=2):
        if flag not in _FLAGS:
            raise InputError(
                f"{dl_info}, line {number}: 'Possibly_noisy' is {flag!r}; write 1 for a lesion to "
                "leave out, 0 for the others."
            )
    return np.array([_FLAGS[flag] for flag in flags])


def _restrict(
    table: LabelTable,
    columns: Sequence[int],
    noisy: NDArray[np.bool_] | None,
    label_file: str | Path,
    dl_info: str | Path | None,
) -> LabelTable:
    """Keep the chosen labels, and the lesions that have one and are not noisy."""
    if noisy is not None and len(table) and table.lesion_index.max() >= len(noisy):
        raise InputError(
            f"{label_file} names lesion {table.lesion_index.max()}, but {dl_info} has only "
            f"{len(noisy)} rows; the two files do not belong together."
        )
    chosen = LabelTable(
        tuple(table.names[c] for c in columns),
        table.lesion_index,
        table.positive[:, columns],
        table.known[:, columns],
    )
    keep = np.any(chosen.positive, axis=1)
    if noisy is not None:
        keep &= ~noisy[chosen.lesion_index]
    return chosen.rows(keep)
