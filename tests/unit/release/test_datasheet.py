"""The datasheet answers every section, and its numbers are counted in the labels."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from maknet.data.labels.pseudo_labels import PseudoLabels, sparse_labels
from maknet.files import ROOT
from maknet.release.datasheet import WARNINGS, LabelSource, behind_labels, write_datasheet
from tests.unit.release.test_released_pseudo_labels import SOURCES, some_facts

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
SECTIONS = [
    "Motivation", "Composition", "Collection process", "Preprocessing, cleaning, labeling", "Uses",
    "Distribution", "Maintenance",
]  # fmt: skip
# Of 4 images one has no label, two have `liver`, and one has both; nothing is a `cyst`.
KEPT = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0]], bool)


def datasheet(path: Path, dataset: str = "deeplesion", number: int = 2) -> str:
    label, score = sparse_labels(np.where(KEPT, 0.75, 0.1), KEPT, 3)
    labels = PseudoLabels(("liver", "lung", "cyst"), ("batch0000",), np.array([4]), label, score,
                          np.array([0, 200, 0, 100], np.uint8), np.zeros(4, bool))  # fmt: skip
    write_datasheet(path, LabelSource(labels, 2, some_facts(dataset, number), SOURCES, CITED))
    return path.read_text()


def test_it_has_all_sections(tmp_path: Path) -> None:
    lines = datasheet(tmp_path / "sheet.md").splitlines()
    assert [line[3:] for line in lines if line.startswith("## ")] == SECTIONS


def test_numbers_are_counted_in_the_labels(tmp_path: Path) -> None:
    lines = datasheet(tmp_path / "sheet.md").splitlines()
    for row in (
        "| Images, one row each | 4 |", "| Slices, three an image | 12 |", "| Series | 2 |",
        "| Labels given, over all images | 4 |", "| Images without a label | 1 |",
        "| Candidates dropped as exclusive | 300 |", "| liver | 3 | 75.0 % |",
        "| lung | 1 | 25.0 % |", "| 0 | 1 | 25.0 % |", "| 1 | 2 | 50.0 % |", "| 2 | 1 | 25.0 % |",
        "* 1 of 3 labels were given to no image.",
    ):  # fmt: skip
        assert row in lines
    assert not any(line.startswith("| cyst") for line in lines)


def test_it_says_how_the_labels_were_made(tmp_path: Path) -> None:
    text = datasheet(tmp_path / "sheet.md")
    assert "MAKNet (run `student1`) scored every image for round 2" in text
    assert "The 15 labels with the highest scores" in text
    assert "above 0.5" in text
    assert "Predictions, not ground truth" in text
    assert "How often they are right is unknown" in text
    assert "--root " + "ab" * 32 in text


def test_sources_stand_with_license_doi_and_citation(tmp_path: Path) -> None:
    text = datasheet(tmp_path / "sheet.md")
    assert "[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)" in text
    assert "[10.1/lung](https://doi.org/10.1/lung)" in text
    assert "* Doe 2020" in text


@pytest.mark.parametrize("dataset", ["deeplesion", "phantom", "sample"])
def test_drawn_ct_is_called_so_first(tmp_path: Path, dataset: str) -> None:
    text = datasheet(tmp_path / "sheet.md", dataset)
    first = text.split("\n\n")[1]
    warning = WARNINGS.get(dataset)
    assert first.startswith(f"> **Warning.** {warning}" if warning else "> **Predictions, not")
    assert ("Labels of synthetic CT" in text) == (dataset == "phantom")
    assert ("To choose slices or series" in text) == (dataset != "phantom")


def test_only_a_student_repeats_mistakes(tmp_path: Path) -> None:
    mistakes = "mistakes in the pseudo-labels of round"
    assert mistakes not in datasheet(tmp_path / "sheet.md", number=1)
    assert f"{mistakes} 2 too" in datasheet(tmp_path / "sheet.md", number=3)


def test_weights_of_other_networks_are_no_source() -> None:
    weights = SOURCES[0] | {"used_as": "weights that tables 1 and 3 compare with"}
    assert behind_labels([*SOURCES, weights]) == SOURCES
