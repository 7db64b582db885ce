"""The label ontology of LesaNet: which labels contain, and which exclude, each other.

Source: `lesion_ontology_181022.xlsx` of LesaNet (arXiv 1904.04661, section 3.1), adapted there from
RadLex. One row per term; `term_parents` holds the hierarchy, `term_exclusive` direct exclusions.
L is the number of labels in use; labels are named by their index in `Ontology.names`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.files import existing_file, parsing

_COLUMNS = ("class", "term", "term_exclusive", "term_parents")
_MAX_UNPACKED_BYTES = 256 << 20
CLASSES = ("bodypart", "type", "attribute")


@dataclass(frozen=True)
class Term:
    """One row of the sheet; names outside the sheet may occur in the two lists.

    Attributes:
        name: Name of the term.
        category: `bodypart`, `type` or `attribute`.
        exclusive: Names of the terms that it directly excludes.
        parents: Names of the terms that contain it.
    """

    name: str
    category: str
    exclusive: tuple[str, ...]
    parents: tuple[str, ...]


@dataclass(frozen=True)
class Ontology:
    """Relations among the L labels in use.

    Attributes:
        names: Names of the labels, (L,).
        categories: Class of each label, `bodypart`, `type` or `attribute`, (L,).
        parents: Indices of the listed parents of each label. The published lists are mostly, not
            fully, transitive.
        exclusive: Whether two labels exclude each other, (L, L) bool, symmetric, False on the
            diagonal.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    parents: list[list[int]]
    exclusive: NDArray[np.bool_]


def exclusive_matrix(pairs: Sequence[Sequence[int]], count: int) -> NDArray[np.bool_]:
    """Return the symmetric matrix (count, count) of the pairs of labels that exclude each other."""
    matrix = np.zeros((count, count), bool)
    for first, second in pairs:
        matrix[first, second] = matrix[second, first] = True
    return matrix


def load_terms(path: str | Path) -> dict[str, Term]:
    """Read every term of the ontology sheet, by name.

    Raises:
        InputError: The file is no workbook, lacks a column, holds an unknown class, or has a
            column or a term twice.
    """
    header, *rows = _sheet(existing_file(path)) or [()]
    for column in _COLUMNS:
        if column not in header:
            raise InputError(f"{path} has no column {column!r}; it is not the ontology sheet.")
        if header.count(column) > 1:
            raise InputError(f"{path} has two columns {column!r}; keep only one.")
    terms: dict[str, Term] = {}
    for row in rows:
        # A row ends with its last cell: writers leave out empty ones.
        cells = dict(zip_longest(header, row[: len(header)]))
        name = str(cells["term"] or "").strip()
        if not name:
            continue
        category = str(cells["class"])
        if category not in CLASSES:
            raise InputError(f"{path}: the term {name!r} has the unknown class {category!r}.")
        if name in terms:
            raise InputError(f"{path} has two rows for the term {name!r}; keep only one.")
        exclusive, parents = _split(cells["term_exclusive"]), _split(cells["term_parents"])
        terms[name] = Term(name, category, exclusive, parents)
    return terms


def _sheet(path: Path) -> list[tuple[Any, ...]]:
    """Return the cells of a workbook's first sheet, row by row."""
    from openpyxl import load_workbook

    with parsing(path, "an xlsx workbook", "replace the file"), path.open("rb") as handle:
        unpacked = sum(member.file_size for member in ZipFile(handle).infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            raise ValueError(f"it would unpack to {unpacked:,} bytes")
        sheet = load_workbook(handle, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be anything
        return list(sheet.iter_rows(values_only=True))


def load_ontology(path: str | Path, names: Sequence[str]) -> Ontology:
    """Read the relations among `names`.

    The sheet lists direct exclusions, some one way only. They are propagated to a fixpoint as
    LesaNet does: what excludes a label excludes its children, and a label inherits the exclusions
    of its parents. The result is made symmetric and a label never excludes itself. One defect of
    the published sheet stays, as in LesaNet: "pretracheal lymph node" excludes its own parent.

    Raises:
        InputError: The file is unusable or one of `names` is not in it.
    """
    terms = load_terms(path)
    for name in names:
        if name not in terms:
            raise InputError(
                f"{path} has no term {name!r}, which the label file uses; "
                "use the ontology that belongs to the labels."
            )
    index = {name: i for i, name in enumerate(names)}
    parents = [sorted(index[p] for p in terms[n].parents if p in index) for n in names]
    direct = np.zeros((len(names), len(names)), bool)
    for name in names:
        for other in terms[name].exclusive:
            if other in index:
                direct[index[name], index[other]] = True
    categories = tuple(terms[name].category for name in names)
    return Ontology(tuple(names), categories, parents, propagate_exclusions(direct, parents))


def propagate_exclusions(
    direct: NDArray[np.bool_], parents: Sequence[Sequence[int]]
) -> NDArray[np.bool_]:
    """Close direct exclusions over the hierarchy, see `load_ontology`.

    Args:
        direct: Whether the first label directly excludes the second, (L, L) bool.
        parents: Indices of the listed parents of each label.

    Returns:
        Whether two labels exclude each other, (L, L) bool, symmetric, False on the diagonal.
    """
    ancestors = _transitive_closure(_parent_matrix(parents))
    down = ancestors | np.eye(len(direct), dtype=bool)
    # i excludes j whenever a label above i excludes a label above j.
    closed = (down.astype(np.int64) @ (direct | direct.T) @ down.T.astype(np.int64)) > 0
    np.fill_diagonal(closed, False)
    return closed


def _parent_matrix(parents: Sequence[Sequence[int]]) -> NDArray[np.bool_]:
    matrix = np.zeros((len(parents), len(parents)), bool)
    for child, above in enumerate(parents):
        matrix[child, list(above)] = True
    return matrix


def _transitive_closure(matrix: NDArray[np.bool_]) -> NDArray[np.bool_]:
    closure = matrix
    while True:
        wider = closure | ((closure.astype(np.int64) @ closure.astype(np.int64)) > 0)
        if np.array_equal(wider, closure):
            return closure
        closure = wider


def _split(cell: object) -> tuple[str, ...]:
    if cell is None:
        return ()
    return tuple(part.strip() for part in str(cell).split("|") if part.strip())
