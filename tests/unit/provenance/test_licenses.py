from pathlib import Path

import pytest

from maknet.files import ROOT, read_rows, write_rows
from maknet.provenance.licenses import write_licenses


def sources(tmp_path: Path, labeled: str, unlabeled: str, generic: str) -> list[dict[str, str]]:
    receipts = []
    for number, uids in enumerate((["1.1", "1.1", "1.2"], ["1.3"])):
        rows = [{"series_uid": u, "collection": "4d_lung" if u != "1.3" else "lctsc"} for u in uids]
        receipts.append(tmp_path / f"{number}.csv")
        write_rows(receipts[-1], ("series_uid", "collection"), rows)
    config = {
        "labeled": {"source": labeled}, "unlabeled": {"source": unlabeled},
        "generic": generic,
    }  # fmt: skip
    known, attribution = ROOT / "config/data_sources.csv", ROOT / "config/attribution.csv"
    write_licenses(tmp_path / "out.csv", config, known, attribution, receipts)
    return read_rows(tmp_path / "out.csv")


def test_collections_are_counted_from_the_receipts(tmp_path: Path) -> None:
    rows = sources(tmp_path, "deeplesion", "tcia", "imagenet")
    by_name = {row["name"]: row for row in rows}
    assert by_name["4d_lung"]["series"] == "2"
    assert by_name["lctsc"]["series"] == "1"
    assert by_name["4d_lung"]["license"] == "CC BY 3.0"
    assert by_name["4d_lung"]["doi"] == "10.7937/k9/tcia.2016.eln8ygle"
    assert "Hugo" in by_name["4d_lung"]["citation"]
    assert {"DeepLesion", "ImageNet weights of torchvision"} <= set(by_name)


@pytest.mark.parametrize("labeled", ["phantom", "folder", "deeplesion"])
@pytest.mark.parametrize("unlabeled", ["phantom", "folder"])
@pytest.mark.parametrize("generic", ["textures", "imagenet"])
def test_every_source_is_known(tmp_path: Path, labeled: str, unlabeled: str, generic: str) -> None:
    rows = sources(tmp_path, labeled, unlabeled, generic)
    assert len(rows) >= 3
    assert all(row["name"] and row["license"] and row["citation"] for row in rows)
