"""The description of released pseudo-labels is of the files beside it."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from maknet.files import ROOT, read_json, sha256
from maknet.release.croissant import bibtex, write_croissant
from maknet.release.datasheet import WARNINGS, LabelSource
from maknet.release.pseudo_labels import COLUMNS, PARQUET, write_pseudo_labels
from tests.unit.release.test_released_pseudo_labels import (
    SOURCES,
    some_facts,
    some_labels,
    write_indices,
)

CITED = yaml.safe_load((ROOT / "CITATION.cff").read_text())
REQUIRED = (
    "@context", "@type", "conformsTo", "description", "license", "name", "url", "creator",
    "datePublished", "distribution",
)  # fmt: skip


def described(folder: Path, dataset: str = "deeplesion", **cited: str) -> dict[str, Any]:
    labels, facts = some_labels([3, 2]), some_facts(dataset)
    series = write_pseudo_labels(folder / PARQUET, labels, write_indices(folder, [3, 2]), facts)
    source = LabelSource(labels, series, facts, SOURCES, CITED | cited)
    write_croissant(folder / "croissant.json", folder / PARQUET, source)
    found: dict[str, Any] = read_json(folder / "croissant.json")
    return found


def test_it_has_what_croissant_requires(tmp_path: Path) -> None:
    found = described(tmp_path)
    assert all(found[name] for name in REQUIRED)
    assert found["conformsTo"][0] == "http://mlcommons.org/croissant/1.0"
    assert found["datePublished"] == "2026-01-02"  # of the labels, not of the release
    assert "5 images" in found["description"]
    assert "2 CT series" in found["description"]


def test_the_file_is_the_one_beside_it(tmp_path: Path) -> None:
    (file,) = described(tmp_path)["distribution"]
    path = tmp_path / file["contentUrl"]
    assert file["sha256"] == sha256(path)
    assert file["contentSize"] == f"{path.stat().st_size} B"


def test_every_column_is_a_field_of_its_type(tmp_path: Path) -> None:
    (records,) = described(tmp_path)["recordSet"]
    columns = [field["source"]["extract"]["column"] for field in records["field"]]
    assert columns == [column.name for column in COLUMNS]
    assert columns == pq.read_schema(tmp_path / PARQUET).names
    types = {field["name"]: field["dataType"] for field in records["field"]}
    assert types["round"] == types["removed"] == "sc:Integer"
    assert types["scores"] == types["position_mm"] == "sc:Float"
    assert types["excluded"] == "sc:Boolean"
    assert types["labels"] == types["sop_uid_1"] == "sc:Text"
    repeated = [field["name"] for field in records["field"] if field.get("repeated")]
    assert repeated == ["labels", "scores"]


def test_licenses_are_those_of_images_and_training_data(tmp_path: Path) -> None:
    found = described(tmp_path)
    assert [license_["name"] for license_ in found["license"]] == ["none known", "CC BY 4.0"]
    assert found["citation"] == ["Yan 2018", "Doe 2020", "Clark 2013"]


@pytest.mark.parametrize("dataset", ["deeplesion", "phantom", "sample"])
def test_synthetic_ct_is_called_so_first(tmp_path: Path, dataset: str) -> None:
    found = described(tmp_path, dataset)
    warning = WARNINGS.get(dataset, "Labels that MAKNet gave")
    assert found["description"].startswith(warning)
    assert found["rai:dataLimitations"][0].startswith(WARNINGS.get(dataset, "These are predict"))
    private = found["rai:personalSensitiveInformation"][0]
    assert private.startswith("None") == (dataset == "phantom")


def test_the_address_is_the_workflows_or_the_root(tmp_path: Path) -> None:
    assert described(tmp_path)["identifier"].endswith("ab" * 32)
    address = "https://example.org/workflow"
    assert described(tmp_path, **{"repository-code": address})["url"] == address


def test_a_reference_in_bibtex() -> None:
    text = bibtex(CITED["references"][0])
    assert text.startswith("@article{virk2020, title = {{Domain Specific, ")
    assert "author = {Virk, Jitender Singh and Bathula, Deepti R.}" in text
    assert text.count("{") == text.count("}")
