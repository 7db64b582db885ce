"""The unmodified s5cmd against a loopback bucket: only whole series ever count."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from maknet.config.manifest import ManifestSeries, read_manifest
from maknet.errors import InputError
from maknet.fetch import idc
from maknet.fetch.idc import IdcArchive
from maknet.fetch.retries import RetryPolicy
from maknet.fetch.series_batch import fetch_batch
from maknet.fetch.verify import FetchError, SeriesListing
from maknet.files import read_rows
from tests.conftest import ROOT
from tests.loopback.content import IMAGES, series_files
from tests.loopback.s3_server import S3Server

KINDS = ("whole", "missing", "error", "flip", "cut", "parts", "changed", "gone")


@pytest.fixture(scope="module")
def wanted() -> dict[str, ManifestSeries]:
    """Real series of the shipped manifest, by kind."""
    real = read_manifest(ROOT / "config/tcia_series.csv.xz", 20, allow_noncommercial=True)
    small = [s for s in real if s.address.startswith("s3://idc-open-data/")][: len(KINDS)]
    counts = {"changed": IMAGES + 1}
    return {
        kind: ManifestSeries(s.uid, "b", counts.get(kind, IMAGES), 0, "", s.address, "", "")
        for kind, s in zip(KINDS, small, strict=True)
    }


@pytest.fixture
def server(wanted: dict[str, ManifestSeries]) -> Iterator[S3Server]:
    objects = {}
    for kind, item in wanted.items():
        folder = item.address.removeprefix("s3://").removesuffix("*")
        if kind != "gone":
            for name, content in series_files(item.uid).items():
                objects[folder + name] = content
    server = S3Server(objects)
    faults = {"missing": "404", "error": "500", "flip": "flip", "cut": "cut", "parts": "cut"}
    for kind, fault in faults.items():
        folder = wanted[kind].address.removeprefix("s3://").removesuffix("*")
        server.faults[folder + "00000003.dcm"] = fault
    # The ETag of an upload in parts is no MD5: only the size can tell that this one is half.
    server.multipart = {n for n in objects if wanted["parts"].address[5:-1] in n}
    yield server
    server.close()


@pytest.mark.slow  # s5cmd tries ten times before it calls an object broken
def test_faults_are_refused_by_name_and_a_rerun_fetches_only_them(
    server: S3Server, wanted: dict[str, ManifestSeries], tmp_path: Path
) -> None:
    def fetch(kinds: tuple[str, ...]) -> None:
        fetch_batch(
            [wanted[k] for k in kinds], IdcArchive(server.url, timeout_s=60),
            RetryPolicy(0, 0.0), 0, tmp_path / "partial", tmp_path / "out",
            tmp_path / "receipt.csv",
            tmp_path / "refused.csv",
        )  # fmt: skip

    with pytest.raises(InputError, match="7 of 8 series could not be fetched"):
        fetch(KINDS)
    refused = {r["series_uid"]: r["reason"] for r in read_rows(tmp_path / "partial/refused.csv")}
    reasons = {kind: refused.get(item.uid) for kind, item in wanted.items()}
    assert reasons == {
        "whole": None, "missing": "incomplete", "error": "incomplete", "flip": "wrong_md5",
        "cut": reasons["cut"], "parts": "incomplete", "changed": "archive_changed",
        "gone": "not_available",
    }  # fmt: skip
    assert reasons["cut"] == "incomplete"
    assert not (tmp_path / "out").exists()
    assert (tmp_path / "partial" / wanted["whole"].uid).is_dir()

    whole = wanted["whole"].address.removeprefix("s3://").removesuffix("*") + "00000001.dcm"
    before = server.requests[whole]
    server.faults.clear()
    fetch(KINDS[:6])
    assert server.requests[whole] == before  # verified once, not downloaded again
    rows = read_rows(tmp_path / "receipt.csv")
    assert len(rows) == 6 * IMAGES
    assert {row["route"] for row in rows} == {"idc"}
    assert len(list((tmp_path / "out" / wanted["flip"].uid).iterdir())) == IMAGES


def test_a_dead_server_and_a_stalled_one_are_faults(
    server: S3Server, wanted: dict[str, ManifestSeries], tmp_path: Path
) -> None:
    (tmp_path / "partial" / wanted["whole"].uid).mkdir(parents=True)  # a target that is not empty
    (tmp_path / "partial" / wanted["whole"].uid / "junk").write_text("x")
    server.close()
    with pytest.raises(InputError, match=r"1 of 1 series could not be fetched.*transfer"):
        fetch_batch(
            [wanted["whole"]], IdcArchive(server.url, timeout_s=2), RetryPolicy(0, 0.0), 0,
            tmp_path / "partial", tmp_path / "out", tmp_path / "receipt.csv",
            tmp_path / "refused.csv",
        )  # fmt: skip


def test_a_batch_that_takes_too_long_says_which_key_to_raise(
    wanted: dict[str, ManifestSeries], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = [wanted["whole"], wanted["missing"], wanted["gone"]]

    def slow(archive: IdcArchive, listed: object, into: Path) -> FetchError:
        for item, arrived in zip(series, (IMAGES, 1, 0), strict=True):
            for name, content in list(series_files(item.uid).items())[:arrived]:
                (into / item.uid).mkdir(exist_ok=True)
                (into / item.uid / name).write_bytes(content)
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "run", raise_timeout)
            return download(archive, listed, into)  # type: ignore[arg-type]

    def raise_timeout(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("s5cmd", 1)

    download = IdcArchive._download
    monkeypatch.setattr(IdcArchive, "_download", slow)
    monkeypatch.setattr(IdcArchive, "_listing", lambda *_: SeriesListing(IMAGES, {}, {}))
    answers = dict(IdcArchive(None, timeout_s=10).fetch(series, tmp_path))
    assert isinstance(answers[wanted["whole"].uid], SeriesListing)
    for kind in ("missing", "gone"):
        assert "took longer than 26 s; raise tcia.timeout_s" in str(answers[wanted[kind].uid])


def fetch_here(server: S3Server, item: ManifestSeries, data: Path) -> None:
    fetch_batch(
        [item], IdcArchive(server.url, timeout_s=60), RetryPolicy(0, 0.0), 0, data / "partial",
        data / "out", data / "receipt.csv", data / "refused.csv",
    )  # fmt: skip


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in another folder than the checkout; return a relative path through a link."""
    (tmp_path / "a user's folder" / "big disk").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a user's folder")
    Path("data link").symlink_to("big disk")
    return Path("data link") / 'of "2"'


# Stands in for s5cmd where the disk is full: it lists, and cannot write.
STUB = """#!/bin/sh
case "$*" in
  *" run") echo "{words}" >&2; exit 1 ;;
  *) exec {program} "$@" ;;
esac
"""


def test_a_full_disk_is_no_fault_of_the_archive(
    server: S3Server,
    wanted: dict[str, ManifestSeries],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = "ERROR cp s3://a/1.dcm 1.dcm: write 1.dcm: no space left on device"
    stub = tmp_path / "s5cmd"
    stub.write_text(STUB.format(words=words, program=idc._program()))
    stub.chmod(0o755)
    monkeypatch.setattr(idc, "_program", lambda: str(stub))
    with pytest.raises(OSError, match="No space left"):
        fetch_here(server, wanted["whole"], tmp_path)


def test_a_series_arrives_wherever_the_fetch_is_started(
    server: S3Server,
    wanted: dict[str, ManifestSeries],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = elsewhere(tmp_path, monkeypatch)
    before = set(ROOT.iterdir())
    fetch_here(server, wanted["whole"], data)
    assert len(read_rows(data / "receipt.csv")) == IMAGES
    assert len(list((data / "out" / wanted["whole"].uid).iterdir())) == IMAGES
    assert set(ROOT.iterdir()) == before
