"""The unmodified tcia_utils against a loopback NBIA: only whole series ever count."""

import dataclasses
import errno
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from maknet.config.manifest import ManifestSeries
from maknet.errors import InputError
from maknet.fetch import nbia as nbia_module
from maknet.fetch import series_batch as batch_module
from maknet.fetch.nbia import NbiaArchive
from maknet.fetch.retries import RetryPolicy
from maknet.fetch.series_batch import fetch_batch
from maknet.fetch.verify import FetchError, FileChecksum, SeriesListing
from maknet.files import md5, read_rows, sha256
from tests.loopback.content import IMAGES, series_files
from tests.loopback.nbia_server import LISTS, NbiaServer

Fetch = Callable[..., list[float]]


@pytest.fixture
def server() -> Iterator[NbiaServer]:
    server = NbiaServer()
    yield server
    server.close()


def series(*uids: str, images: int | None = IMAGES) -> list[ManifestSeries]:
    return [
        ManifestSeries(uid, "batch0000", images, 0, "CC BY 4.0", "", "demo", "10.1/x")
        for uid in uids
    ]


@pytest.fixture
def fetch(server: NbiaServer, tmp_path: Path) -> Fetch:
    """Return a function that fetches a batch and returns the pauses it made."""

    def run(
        wanted: list[ManifestSeries], retries: int = 0, max_failed: int = 0, timeout_s: float = 60
    ) -> list[float]:
        pauses: list[float] = []
        fetch_batch(
            wanted, NbiaArchive(server.url, timeout_s), RetryPolicy(retries, 2.0), max_failed,
            tmp_path / "partial", tmp_path / "out", tmp_path / "receipt.csv",
            tmp_path / "refused.csv", sleep=pauses.append,
        )  # fmt: skip
        return pauses

    return run


def test_whole_series_arrive_with_a_receipt(fetch: Fetch, tmp_path: Path) -> None:
    assert fetch(series("2.25.10", "2.25.11")) == []
    for uid in ("2.25.10", "2.25.11"):
        expected = series_files(uid)
        assert {p.name for p in (tmp_path / "out" / uid).iterdir()} == set(expected)
        for name, content in expected.items():
            assert (tmp_path / "out" / uid / name).read_bytes() == content
    rows = read_rows(tmp_path / "receipt.csv")
    assert len(rows) == 2 * IMAGES
    assert {row["route"] for row in rows} == {"nbia"}
    assert {row["license"] for row in rows} == {"CC BY 4.0"}
    assert all(len(row["md5"]) == 32 for row in rows)
    assert read_rows(tmp_path / "refused.csv") == []
    assert not (tmp_path / "partial").exists()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("400", "not_available"),
        ("404", "not_available"),
        ("429", "transfer"),
        ("500", "transfer"),
        ("503", "transfer"),
        ("listing_500", "transfer"),
        ("unknown", "not_listed"),
        ("drop", "transfer"),
        ("truncate", "transfer"),
        ("stall", "transfer"),
        ("html", "transfer"),
        ("empty", "transfer"),
        ("cut_zip", "transfer"),
        ("half", "incomplete"),
        ("half_listed", "incomplete"),
        ("license_only", "incomplete"),
        ("bad_crc", "transfer"),
        ("wrong_md5", "wrong_md5"),
        ("other_series", "other_series"),
        ("duplicates", "duplicates"),
        *((name, "incomplete" if name == "list_other" else "unverified") for name in LISTS),
    ],
)
def test_each_fault_is_refused_and_a_rerun_repairs_it(
    fetch: Fetch, server: NbiaServer, tmp_path: Path, fault: str, reason: str
) -> None:
    server.faults["2.25.20"] = fault
    with pytest.raises(InputError, match=r"1 of 2 series could not be fetched.*2\.25\.20"):
        # A busy machine answers late as well, so that only a stalled server gets little time.
        fetch(series("2.25.20", "2.25.21"), timeout_s=2 if fault == "stall" else 60)
    assert not (tmp_path / "out").exists()
    refused = read_rows(tmp_path / "partial" / "refused.csv")
    assert [(row["series_uid"], row["reason"]) for row in refused] == [("2.25.20", reason)]
    del server.faults["2.25.20"]
    fetch(series("2.25.20", "2.25.21"))
    assert len(list((tmp_path / "out" / "2.25.20").iterdir())) == IMAGES
    assert server.requests["2.25.21"] == 1  # what was verified is not downloaded again


def test_passing_faults_are_asked_again_with_growing_pauses(
    fetch: Fetch, server: NbiaServer
) -> None:
    server.faults["2.25.30"] = "503x2"
    assert fetch(series("2.25.30", "2.25.31"), retries=4) == [2.0, 4.0]
    assert server.requests == {"2.25.30": 3, "2.25.31": 1}


def test_a_refusal_is_asked_once(fetch: Fetch, server: NbiaServer) -> None:
    server.faults["2.25.32"] = "400"
    with pytest.raises(InputError, match="not_available"):
        fetch(series("2.25.32"), retries=4)
    assert server.requests["2.25.32"] == 1


def test_drift_from_the_manifest_has_its_own_name(fetch: Fetch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has 6 images, the manifest says 7.*archive_changed"):
        fetch(series("2.25.33", images=7), retries=3)
    fetch(series("2.25.33", images=None))  # a list without counts takes the archive's
    assert len(read_rows(tmp_path / "receipt.csv")) == IMAGES


def test_so_many_may_fail_and_are_listed(fetch: Fetch, server: NbiaServer, tmp_path: Path) -> None:
    server.faults["2.25.34"] = "half"
    fetch(series("2.25.34", "2.25.35"), max_failed=1)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["2.25.35"]
    assert [row["series_uid"] for row in read_rows(tmp_path / "refused.csv")] == ["2.25.34"]


def test_a_dead_server_is_not_taken_for_an_up_to_date_folder(
    fetch: Fetch, server: NbiaServer, tmp_path: Path
) -> None:
    server.faults["2.25.36"] = "500"
    with pytest.raises(InputError):
        fetch(series("2.25.36", "2.25.37"))
    server.close()
    with pytest.raises(InputError, match=r"1 of 2 series.*2\.25\.36"):
        fetch(series("2.25.36", "2.25.37"))
    assert not (tmp_path / "out").exists()


def test_what_was_kept_is_looked_at_again(fetch: Fetch, server: NbiaServer, tmp_path: Path) -> None:
    server.faults["2.25.38"] = "500"
    with pytest.raises(InputError):
        fetch(series("2.25.38", "2.25.39"))
    kept = next((tmp_path / "partial" / "2.25.39").iterdir())
    kept.write_bytes(kept.read_bytes()[:-1])
    (tmp_path / "partial" / "incoming" / "2.25.38").mkdir(parents=True)  # a killed run's leftover
    del server.faults["2.25.38"]
    fetch(series("2.25.38", "2.25.39"))
    assert server.requests["2.25.39"] == 2
    whole = series_files("2.25.39")[kept.name]
    assert (tmp_path / "out" / "2.25.39" / kept.name).read_bytes() == whole


@pytest.fixture
def kept(fetch: Fetch, server: NbiaServer, tmp_path: Path) -> Path:
    """The list of 2.25.71, which an earlier attempt kept; that of 2.25.70 failed."""
    server.faults["2.25.70"] = "500"
    with pytest.raises(InputError):
        fetch(series("2.25.70", "2.25.71"))
    del server.faults["2.25.70"]
    return tmp_path / "partial" / "2.25.71.json"


def test_what_was_kept_is_held_against_todays_manifest(
    fetch: Fetch, server: NbiaServer, kept: Path
) -> None:
    assert kept.is_file()
    wanted = [*series("2.25.70"), *series("2.25.71", images=7)]
    with pytest.raises(InputError, match=r"has 6 images, the manifest says 7.*archive_changed"):
        fetch(wanted)
    server.files_of = lambda uid: series_files(uid, 7 if uid == "2.25.71" else IMAGES)
    fetch(wanted)
    assert server.requests["2.25.71"] == 3


def test_a_new_version_in_the_manifest_is_fetched(
    fetch: Fetch, server: NbiaServer, kept: Path
) -> None:
    assert kept.is_file()
    moved = dataclasses.replace(series("2.25.71")[0], address="s3://bucket/v2/*")
    fetch([*series("2.25.70"), moved])
    assert server.requests["2.25.71"] == 2


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "3", "[" * 100_000, '{"files": []}', '{"files": [{"a": 1}]}',
     '{"files": 3, "route": "nbia", "address": "", "listed_at": ""}',
     '{"files": [{"file": 1, "bytes": 2, "md5": 3}], "route": "nbia", "address": "", '
     '"listed_at": ""}', '[{"file": "a", "bytes": 1, "md5": "x"}]'],
    ids=range(11),
)  # fmt: skip
def test_a_damaged_list_means_fetch_again(
    fetch: Fetch, server: NbiaServer, kept: Path, content: str
) -> None:
    kept.write_text(content)
    fetch(series("2.25.70", "2.25.71"))
    assert server.requests["2.25.71"] == 2


def test_the_receipt_tells_where_the_bytes_came_from(
    server: NbiaServer, kept: Path, tmp_path: Path
) -> None:
    """The second attempt takes another route: what was kept is not from there."""
    assert kept.is_file()

    @dataclasses.dataclass(frozen=True)
    class Mirror(NbiaArchive):
        name: str = "mirror"

    fetch_batch(
        series("2.25.70", "2.25.71"), Mirror(server.url, 60), RetryPolicy(0, 0.0), 0,
        tmp_path / "partial", tmp_path / "out", tmp_path / "receipt.csv", tmp_path / "refused.csv",
    )  # fmt: skip
    rows = read_rows(tmp_path / "receipt.csv")
    assert {(row["series_uid"], row["route"]) for row in rows} == {
        ("2.25.70", "mirror"), ("2.25.71", "nbia"),
    }  # fmt: skip
    assert {row["address"] for row in rows} == {
        f"{server.url}getImageWithMD5Hash?SeriesInstanceUID={uid}" for uid in ("2.25.70", "2.25.71")
    }
    assert server.requests["2.25.71"] == 1


def test_the_same_series_gives_the_same_receipt(fetch: Fetch, tmp_path: Path) -> None:
    fetch(series("2.25.40"))
    first = sha256(tmp_path / "receipt.csv")
    fetch(series("2.25.40"))
    assert sha256(tmp_path / "receipt.csv") == first


def test_a_kill_keeps_what_was_verified_before_it(
    fetch: Fetch, server: NbiaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = batch_module.verify_series

    def killed_at_the_third(folder: Path, uid: str, expected: SeriesListing) -> list[FileChecksum]:
        if uid == "2.25.52":
            raise KeyboardInterrupt
        return verify(folder, uid, expected)

    wanted = series("2.25.50", "2.25.51", "2.25.52")
    monkeypatch.setattr(batch_module, "verify_series", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        fetch(wanted)
    monkeypatch.undo()
    fetch(wanted)
    assert server.requests == {"2.25.50": 1, "2.25.51": 1, "2.25.52": 2}


@pytest.mark.parametrize("member", [65 << 20, 0])
def test_a_zip_bomb_is_not_unpacked(
    fetch: Fetch, server: NbiaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: int
) -> None:
    """By one large member, or by all together."""
    monkeypatch.setattr(nbia_module, "_MAX_SERIES_BYTES", 100_000)
    server.files_of = lambda uid: {"1.dcm": bytes(member)} if member else series_files(uid, 200)
    with pytest.raises(InputError, match="the zip would unpack to"):
        fetch(series("2.25.55", images=None))
    assert {path.name for path in (tmp_path / "partial").iterdir()} == {"refused.csv"}


def test_a_full_disk_at_the_end_loses_nothing(
    fetch: Fetch, server: NbiaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(batch_module, "write_rows", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(series("2.25.53"))
    monkeypatch.undo()
    fetch(series("2.25.53"))
    assert server.requests["2.25.53"] == 1


def test_a_full_disk_is_no_fault_of_the_archive(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tcia_utils only logs it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "a.dcm")

    monkeypatch.setattr(zipfile.ZipFile, "extractall", full)
    with pytest.raises(OSError, match="No space left") as caught:
        fetch(series("2.25.54"), retries=3)
    assert caught.value.filename == str(tmp_path / "partial" / "incoming")
    assert not (tmp_path / "partial" / "incoming").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 128 + b"DICM\2\0"])
def test_a_broken_file_that_no_md5_betrays_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.dcm").write_bytes(content)
    listing = SeriesListing(1, {"a.dcm": md5(content)})
    with pytest.raises(FetchError) as caught:
        batch_module.verify_series(tmp_path, "1.2", listing)
    assert caught.value.reason == "damaged"


def test_sizes_and_folders_are_looked_at(tmp_path: Path) -> None:
    whole = series_files("2.25.60", 1)
    (tmp_path / "s").mkdir()
    for name, content in whole.items():
        (tmp_path / "s" / name).write_bytes(content)
    sizes = {name: len(content) for name, content in whole.items()}
    assert batch_module.verify_series(tmp_path / "s", "2.25.60", SeriesListing(1, {}, sizes))
    wrong = {name: size + 1 for name, size in sizes.items()}
    with pytest.raises(FetchError, match="does not have the size"):
        batch_module.verify_series(tmp_path / "s", "2.25.60", SeriesListing(1, {}, wrong))
    (tmp_path / "s" / "folder").mkdir()
    with pytest.raises(FetchError, match="images arrived"):
        batch_module.verify_series(tmp_path / "s", "2.25.60", SeriesListing(2, {}))
