"""The rules that fetch, on loopback: DeepLesion from zips, TCIA from an NBIA server."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from maknet.fetch.download import file_digest
from maknet.files import read_rows, write_rows
from tests.loopback.nbia_server import NbiaServer
from tests.workflow.conftest import Run

pytestmark = pytest.mark.workflow
NAMES = {
    "DL_info.csv": "DL_info.csv",
    "text_mined_labels_171_and_split.json": "text_mined_labels.json",
    "hand_labeled_test_set.json": "hand_labeled_test_set.json",
    "lesion_ontology_181022.xlsx": "lesion_ontology.xlsx",
}


@pytest.fixture
def copies(phantom_lesions: Path, tmp_path: Path) -> Path:
    """A folder with the files that DeepLesion and LesaNet publish, of synthetic lesions."""
    folder = tmp_path / "copies"
    folder.mkdir()
    for published, drawn in NAMES.items():
        (folder / published).write_bytes((phantom_lesions / drawn).read_bytes())
    series = sorted((phantom_lesions / "Images_png").iterdir())
    for part, chosen in (("01", series[::2]), ("02", series[1::2])):
        with zipfile.ZipFile(folder / f"Images_png_{part}.zip", "w") as archive:
            for path in (p for s in chosen for p in sorted(s.iterdir())):
                archive.write(path, str(path.relative_to(phantom_lesions)))
    rows = [
        {"file": p.name, "url": "http://127.0.0.1:9/none", "algorithm": "md5",
         "digest": file_digest(p, "md5")}
        for p in sorted(folder.iterdir())
    ]  # fmt: skip
    write_rows(folder / "sources.csv", ("file", "url", "algorithm", "digest"), rows)
    return folder


@pytest.fixture
def server(phantom_archive: dict[str, Path]) -> Iterator[NbiaServer]:
    by_uid = {folder.name: folder for folder in phantom_archive.values()}
    server = NbiaServer(
        lambda uid: {p.name: p.read_bytes() for p in sorted(by_uid[uid].glob("*.dcm"))}
    )
    yield server
    server.close()


def overlay(path: Path, copies: Path, server: NbiaServer, manifest: Path) -> str:
    settings = {
        "dataset": "sample",
        "device": "cpu",
        "image": {"size": 32},
        "series": {"min_matrix": 32, "pixel_mm": [0.3, 20.0]},
        "unlabeled": {"source": "tcia", "batch_size": 2},
        "deeplesion": {"sources": str(copies / "sources.csv"), "files": str(copies),
                       "zips": str(copies)},
        "tcia": {"manifest": str(manifest), "leave_out": [], "route": "nbia",
                 "nbia_url": server.url, "retries": 1, "backoff_s": 0, "timeout_s": 5},
    }  # fmt: skip
    path.write_text(yaml.safe_dump(settings))
    return str(path)


def test_fetched_data_are_prepared_like_all_data(
    snakemake: Run, copies: Path, server: NbiaServer, phantom_archive: dict[str, Path],
    phantom_lesions: Path, tmp_path: Path,
) -> None:  # fmt: skip
    wanted = [phantom_archive[kind].name for kind in ("rle", "scout_inside", "short")]
    manifest = tmp_path / "wanted.tcia"
    manifest.write_text("ListOfSeriesToDownload=\n" + "\n".join(wanted))
    config = overlay(tmp_path / "loopback.yaml", copies, server, manifest)
    server.faults[wanted[0]] = "503x1"
    targets = ["results/rejected.csv", "data/labeled/train.csv", "data/labeled/hand.csv"]
    done = snakemake(tmp_path, *targets, configfiles=("config/paper.yaml", config))
    assert done.returncode == 0, done.stderr[-3000:]

    receipts = [
        r for p in (tmp_path / "data/tcia/receipts").glob("batch????.csv") for r in read_rows(p)
    ]
    assert {row["series_uid"] for row in receipts} == set(wanted)
    for row in receipts:
        source = next(f for f in phantom_archive.values() if f.name == row["series_uid"])
        content = (source / row["file"]).read_bytes()
        assert row["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert not any((tmp_path / "data/tcia/series").glob("batch*"))  # DICOM goes when prepared
    assert [r["reason"] for r in read_rows(tmp_path / "results/rejected.csv")] == ["too_few_slices"]

    images = tmp_path / "data/deeplesion/Images_png"
    for lesion in read_rows(tmp_path / "data/labeled/train.csv"):
        name = f"{lesion['series']}/{int(lesion['key_slice']):03d}.png"
        assert (images / name).read_bytes() == (phantom_lesions / "Images_png" / name).read_bytes()


def test_a_series_that_stays_broken_fails_its_batch_with_a_sentence(
    snakemake: Run, copies: Path, server: NbiaServer, phantom_archive: dict[str, Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    wanted = [phantom_archive[kind].name for kind in ("rle", "short")]
    manifest = tmp_path / "wanted.csv"
    manifest.write_text("SeriesInstanceUID\n" + "\n".join(wanted))
    config = overlay(tmp_path / "loopback.yaml", copies, server, manifest)
    server.faults[wanted[1]] = "half"
    target = "data/tcia/receipts/batch0000.csv"
    done = snakemake(tmp_path, target, configfiles=("config/paper.yaml", config))
    assert done.returncode != 0
    assert "1 of 2 series could not be fetched, more than tcia.max_failed = 0" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / target).exists()
    server.faults.clear()
    before = server.requests[wanted[0]]
    done = snakemake(tmp_path, target, configfiles=("config/paper.yaml", config))
    assert done.returncode == 0, done.stderr[-2000:]
    assert server.requests[wanted[0]] == before
