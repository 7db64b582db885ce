"""The label ontology of LesaNet: which labels contain, and which exclude, each other.

Source: `lesion_ontology_181022.xlsx` of LesaNet (arXiv 1904.04661, section 3.1), adapted there from
RadLex. One row per term; `term_parents` holds the hierarchy, `term_exclusive` direct exclusions.
L is the number of labels in use; labels are named by their index in `Ontology.names`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from maknet.errors import InputError
from maknet.files import existing_file

_COLUMNS = ("class", "term", "term_exclusive", "term_parents")
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
        InputError: The file is no workbook, or lacks a column, or holds an unknown class.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    path = existing_file(path)
    try:
        with path.open("rb") as handle:
            sheet = load_workbook(handle, read_only=True, data_only=True).worksheets[0]
            header_row, *rows = [*sheet.iter_rows(values_only=True)] or [()]
    except (InvalidFileException, BadZipFile, KeyError, OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path} is not an xlsx workbook ({error}); replace the file.") from error
    header = [str(cell) for cell in header_row]
    missing = [name for name in _COLUMNS if name not in header]
    if missing:
        raise InputError(f"{path} has no column {missing[0]!r}; it is not the ontology sheet.")
    column = {name: header.index(name) for name in _COLUMNS}
    terms: dict[str, Term] = {}
    for row in rows:
        name = str(row[column["term"]] or "").strip()
        if not name:
            continue
        category = str(row[column["class"]])
        if category not in CLASSES:
            raise InputError(f"{path}: the term {name!r} has the unknown class {category!r}.")
        terms[name] = Term(
            name,
            category,
            _split(row[column["term_exclusive"]]),
            _split(row[column["term_parents"]]),
        )
    return terms


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
