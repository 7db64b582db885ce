"""DeepLesion's files: resumed, checked, and unpacked without leaving the folder."""

import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maknet.data.deeplesion.info import LesionRow, load_info
from maknet.errors import InputError
from maknet.fetch.deeplesion_zip import extract_slices, labeled_lesions, needed_slices
from maknet.fetch.download import RemoteFile, download, file_digest, read_sources
from maknet.fetch.retries import RetryPolicy
from maknet.files import read_rows
from tests.conftest import ROOT
from tests.loopback.file_server import FileServer

CONTENT = bytes(range(256)) * 4000
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
QUICK = (RetryPolicy(retries=3, backoff_s=2.0), 1.0)  # seconds of silence


@pytest.fixture
def server() -> Iterator[FileServer]:
    server = FileServer({"a.zip": CONTENT})
    yield server
    server.close()


def wanted(server: FileServer, digest: str = MD5) -> RemoteFile:
    return RemoteFile("a.zip", f"{server.url}/a.zip", "md5", digest)


def test_a_broken_download_goes_on_where_it_ended(server: FileServer, tmp_path: Path) -> None:
    server.faults = ["break", "503", "break"]
    pauses: list[float] = []
    path = download(wanted(server), tmp_path / "p", *QUICK, sleep=pauses.append)
    assert path.read_bytes() == CONTENT
    assert pauses == [2.0, 4.0, 8.0]
    starts = [int(r.removeprefix("bytes=").rstrip("-") or 0) for r in server.ranges]
    assert starts[0] == 0 < starts[1] == starts[2] < starts[3]
    assert starts[1] > 0.8 * len(CONTENT) / 2


def test_a_download_that_a_kill_ended_goes_on(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(CONTENT[:1000])
    assert download(wanted(server), tmp_path / "p", *QUICK).read_bytes() == CONTENT
    assert server.ranges == ["bytes=1000-"]


def test_a_whole_file_is_not_fetched_again(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(CONTENT)
    assert download(wanted(server), tmp_path / "p", *QUICK).read_bytes() == CONTENT
    assert server.ranges == []


def test_a_wrong_partial_file_is_fetched_anew(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "p").write_bytes(b"x" * 1000)
    path = download(wanted(server), tmp_path / "p", *QUICK, sleep=lambda _: None)
    assert path.read_bytes() == CONTENT


def test_another_content_is_never_accepted(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.zip could not be fetched.*not 000"):
        download(wanted(server, "0" * 32), tmp_path / "p", *QUICK, sleep=lambda _: None)
    assert not (tmp_path / "p").exists()


def test_what_is_gone_is_asked_once(server: FileServer, tmp_path: Path) -> None:
    server.faults = ["404"]
    with pytest.raises(InputError, match=r"the server says 404.*get it by hand"):
        download(wanted(server), tmp_path / "p", *QUICK)
    assert len(server.ranges) == 1


def test_a_dead_server_ends_in_one_sentence(server: FileServer, tmp_path: Path) -> None:
    server.close()
    with pytest.raises(InputError, match=r"could not be fetched from .*ConnectionError"):
        download(wanted(server), tmp_path / "p", *QUICK, sleep=lambda _: None)


def test_an_address_that_is_none_is_asked_once(server: FileServer, tmp_path: Path) -> None:
    pauses: list[float] = []
    with pytest.raises(InputError, match=r"could not be fetched from .*InvalidSchema"):
        download(wanted(server), tmp_path / "p", RetryPolicy(3, 1.0), 5, "file://x",
                 sleep=pauses.append)  # fmt: skip
    assert pauses == []


def test_copies_and_mirrors(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    unreachable = RemoteFile("a.zip", "http://127.0.0.1:9/a.zip", "md5", MD5)
    assert download(unreachable, tmp_path / "p", *QUICK, str(tmp_path)) == tmp_path / "a.zip"
    assert download(unreachable, tmp_path / "p", *QUICK, f"{server.url}/") == tmp_path / "p"
    (tmp_path / "a.zip").write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=r"is not the published a\.zip"):
        download(unreachable, tmp_path / "q", *QUICK, str(tmp_path))
    with pytest.raises(InputError, match="is missing; put"):
        download(unreachable, tmp_path / "q", *QUICK, str(tmp_path / "none"))


def test_the_git_digest_is_gits(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(CONTENT)
    done = subprocess.run(["git", "hash-object", tmp_path / "f"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert file_digest(tmp_path / "f", "git") == done.stdout.strip()


def test_the_shipped_list_names_all_files() -> None:
    files = read_sources(ROOT / "config/deeplesion_files.csv")
    assert len([n for n in files if n.startswith("Images_png_")]) == 56
    assert len(files) == 60
    assert len({f.digest for f in files.values()}) == 60
    assert all(f.url.startswith("https://") for f in files.values())


@pytest.mark.real
def test_the_published_label_files_have_the_listed_digests(real_data: Path) -> None:
    for name, file in read_sources(ROOT / "config/deeplesion_files.csv").items():
        if name.endswith((".json", ".xlsx")):
            assert file_digest(real_data / "labels" / name, file.algorithm) == file.digest


def row(index: int, key: int, step: float) -> LesionRow:
    return LesionRow(index, 1, f"00000{index}_01_01", key, (1.0, 1.0, step), (1, 1, 9, 9))


def test_key_slices_and_neighbors_are_needed() -> None:
    info = [row(0, 10, 5.0), row(1, 20, 1.0), row(2, 30, 0.0), row(3, 99, 1.0)]
    assert needed_slices(info, {0, 1, 2}, 2.0) == {
        *(f"000000_01_01/{n:03d}" for n in (9, 10, 11)),
        *(f"000001_01_01/{n:03d}" for n in (18, 19, 20, 21, 22)),
        *(f"000002_01_01/{n:03d}" for n in (29, 30, 31)),
    }


def test_only_needed_slices_are_written(phantom_lesions: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for path in sorted((phantom_lesions / "Images_png").rglob("*.png")):
            archive.write(path, str(path.relative_to(phantom_lesions)))
        archive.writestr("readme.txt", "hello")
    info = load_info(phantom_lesions / "DL_info.csv")
    lesions = labeled_lesions(
        phantom_lesions / "text_mined_labels.json", phantom_lesions / "hand_labeled_test_set.json"
    )
    assert lesions == set(range(len(info)))
    needed = needed_slices(info[:3], lesions, 1.0)
    extract_slices(tmp_path / "z.zip", needed, tmp_path / "out", tmp_path / "l.csv", 0)
    written = {
        str(p.relative_to(tmp_path / "out").with_suffix(""))
        for p in (tmp_path / "out").rglob("*.png")
    }
    assert written <= needed
    assert {f"{r.series}/{r.key_slice:03d}" for r in info[:3]} <= written
    for name in written:
        original = phantom_lesions / "Images_png" / f"{name}.png"
        assert (tmp_path / "out" / f"{name}.png").read_bytes() == original.read_bytes()
    assert {r["status"] for r in read_rows(tmp_path / "l.csv")} == {"whole"}


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "/etc/evil.png", "Images_png/../../evil.png", "C:/evil.png", "..\\evil.png"],
)
def test_members_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(InputError, match="leaves the folder"):
        extract_slices(tmp_path / "z.zip", set(), tmp_path / "out", tmp_path / "l.csv", 0)
    assert not (tmp_path / "out").exists()


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("Images_png/000001_01_01/001.png")
    member.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    with pytest.raises(InputError, match="leaves the folder"):
        extract_slices(tmp_path / "z.zip", {"000001_01_01/001"}, tmp_path / "out",
                       tmp_path / "l.csv", 0)  # fmt: skip


def test_damaged_members_are_listed_up_to_the_limit(tmp_path: Path) -> None:
    names = ["000001_01_01/001", "000001_01_01/002"]
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name in names:
            archive.writestr(f"Images_png/{name}.png", name.encode() * 20)
    content = (tmp_path / "z.zip").read_bytes()
    (tmp_path / "z.zip").write_bytes(
        content.replace(b"001_01_01/001000001", b"001_01_01/0010X0001", 1)
    )
    with pytest.raises(InputError, match=r"1 slices are damaged.*max_damaged = 0"):
        extract_slices(tmp_path / "z.zip", set(names), tmp_path / "o1", tmp_path / "l.csv", 0)
    extract_slices(tmp_path / "z.zip", set(names), tmp_path / "o2", tmp_path / "l.csv", 1)
    status = [r["status"] for r in read_rows(tmp_path / "l.csv")]
    assert sorted(status) == ["damaged", "whole"]
    assert len(list((tmp_path / "o2").rglob("*.png"))) == 1


def test_encrypted_members_are_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("Images_png/000001_01_01/001.png", b"x" * 100)
    content = bytearray((tmp_path / "z.zip").read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + place] |= 1
    (tmp_path / "z.zip").write_bytes(content)
    needed = {"000001_01_01/001"}
    with pytest.raises(InputError, match="1 slices are damaged"):
        extract_slices(tmp_path / "z.zip", needed, tmp_path / "out", tmp_path / "l.csv", 0)
    assert not (tmp_path / "out").exists()


def test_a_zip_bomb_leaves_nothing(tmp_path: Path) -> None:
    names = [f"000001_01_01/00{number}" for number in range(1, 4)]
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"Images_png/{names[0]}.png", b"x")
        archive.writestr(f"Images_png/{names[1]}.png", bytes(65 << 20))
    with pytest.raises(InputError, match="1 slices are damaged"):
        extract_slices(tmp_path / "z.zip", set(names), tmp_path / "out", tmp_path / "l.csv", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["z.zip"]


@pytest.mark.parametrize(
    ("text", "words"),
    [("file,url\na,b\n", "'algorithm'"), ("a,b\n1,2\n", "'file'"),
     ("file,url,algorithm,digest\na,u,crc,00\n", "'crc'"),
     ("file,url,algorithm,digest\na,u,md5,zz\n", "has the digest 'zz'")],
)  # fmt: skip
def test_another_list_of_files_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(InputError, match=rf"f\.csv is not a list of files .*{words}"):
        read_sources(tmp_path / "f.csv")


def test_a_file_that_is_no_zip_is_named(tmp_path: Path) -> None:
    (tmp_path / "z.zip").write_text("<html>")
    with pytest.raises(InputError, match=r"z\.zip is not a zip file"):
        extract_slices(tmp_path / "z.zip", set(), tmp_path / "out", tmp_path / "l.csv", 0)
