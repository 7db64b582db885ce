"""LesaNet's two label files and its ontology sheet, for the phantom's lesions."""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np

from maknet.files import atomic_path, write_json
from maknet.phantom.terms import (
    ATTRIBUTES,
    BODY_PART_PARENTS,
    EXCLUSIVE,
    LESION_SITES,
    PARENTS,
    TYPE_PARENTS,
    category,
    term_list,
    with_ancestors,
)

TEXT_MINED = "text_mined_labels.json"
HAND = "hand_labeled_test_set.json"
ONTOLOGY = "lesion_ontology.xlsx"
LabeledLesions = Sequence[tuple[str, frozenset[str]]]  # split and true terms of each lesion, by row


def write_label_files(
    folder: Path, lesions: LabeledLesions, missing: float, wrong: float, uncertain: float,
    generator: np.random.Generator,
) -> None:  # fmt: skip
    """Write the two label files and the ontology sheet.

    Args:
        folder: Folder to write to.
        lesions: Split and true terms of each lesion, in the order of `DL_info.csv`.
        missing: Probability that a true label is not mentioned.
        wrong: Probability that a lesion carries the labels of another site.
        uncertain: Probability that a mentioned label is marked uncertain.
        generator: Generator that these errors are drawn from.
    """
    names = term_list()
    mined: dict[str, object] = {"term_list": names}
    for split in ("train", "val", "test"):
        rows = [row for row, (where, _) in enumerate(lesions) if where == split]
        relevant, unsure = [], []
        for row in rows:
            said = _mention(lesions[row][1], missing, wrong, generator)
            doubted = {term for term in sorted(said) if generator.random() < uncertain}
            relevant.append(sorted(names.index(term) for term in said - doubted))
            unsure.append(sorted(names.index(term) for term in doubted))
        mined[f"{split}_lesion_idxs"] = rows
        mined[f"{split}_relevant_labels"] = relevant
        mined[f"{split}_uncertain_labels"] = unsure
        if split == "train":
            mined["train_irrelevant_labels"] = [[] for _ in rows]
    write_json(folder / TEXT_MINED, mined)
    hand = [
        {"text": ", ".join(sorted(terms)), "lesion_idx": row, "expanded_terms": sorted(terms)}
        for row, (split, terms) in enumerate(lesions)
        if split == "hand"
    ]
    write_json(folder / HAND, hand)
    _write_ontology(folder / ONTOLOGY)


def _mention(
    terms: frozenset[str], missing: float, wrong: float, generator: np.random.Generator
) -> set[str]:
    """Return what a report says of a lesion: a part of the truth, sometimes of another place."""
    true = set(terms)
    if generator.random() < wrong:
        sites = list(LESION_SITES)
        other = sites[generator.integers(len(sites))]
        true = with_ancestors({other}) | {t for t in true if t in TYPE_PARENTS or t in ATTRIBUTES}
    return {term for term in sorted(true) if generator.random() >= missing}


def _write_ontology(path: Path) -> None:
    from openpyxl import Workbook

    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None  # noqa: S101 - a new workbook has one
    sheet.append(
        ["id", "class", "term", "synonyms", "num_detected", "term_exclusive", "term_parents",
         "term_children"]
    )  # fmt: skip
    for number, term in enumerate((*BODY_PART_PARENTS, *TYPE_PARENTS, *ATTRIBUTES)):
        children = sorted(child for child, parents in PARENTS.items() if term in parents)
        sheet.append(
            [number, category(term), term, term, 0, " | ".join(EXCLUSIVE.get(term, ())) or None,
             " | ".join(PARENTS[term]) or None, " | ".join(children) or None]
        )  # fmt: skip
    buffer = BytesIO()
    workbook.save(buffer)
    with atomic_path(path) as temporary:
        _without_clock(buffer, temporary)


def _without_clock(workbook: BytesIO, target: Path) -> None:
    """Write the workbook with fixed dates, so that the same labels give the same bytes."""
    with ZipFile(workbook) as source, ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = re.sub(
                rb"\d{4}-\d\d-\d\dT[\d:.]+Z", b"2000-01-01T00:00:00Z", source.read(name)
            )
            copy.writestr(ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
