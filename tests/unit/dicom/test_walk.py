"""The walk over a header says what pydicom says, or leaves the file to pydicom."""

import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from maknet.dicom.header import BrokenHeaderError, parse_header, read_header
from maknet.dicom.walk import walk
from tests.fuzz.headers import compare, damaged, drawn, elements, written
from tests.unit.data.ct.three_slices import rewrite

MODALITY = b"\x08\x00\x60\x00CS\x02\x00CT"
ROWS = b"\x28\x00\x10\x00US\x02\x00\x10\x00"
INTERCEPT = b"\x28\x00\x52\x10DS"
CHARACTER_SET = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100"
SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
ITEM, ITEM_END = b"\xfe\xff\x00\xe0\xff\xff\xff\xff", b"\xfe\xff\x0d\xe0" + bytes(4)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return drawn(tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.dcm"


@pytest.fixture
def plain(files: dict[str, bytes]) -> bytes:
    """An explicit header without sequences."""
    content = files["explicit 0"]
    assert content.count(MODALITY) == content.count(ROWS) == content.count(CHARACTER_SET) == 1
    return content


def test_intact_headers_are_walked(files: dict[str, bytes], path: Path) -> None:
    assert any(content.count(ITEM_END) >= 4 for content in files.values())
    for name, content in files.items():
        path.write_bytes(content)
        assert compare(path) == ("walked", ""), name


@pytest.mark.real
@pytest.mark.parametrize(
    "name", ["abdomen_jpeg2000", "chest_crop_1", "chest_crop_2", "head_neck"]
)  # fmt: skip
def test_real_headers_are_walked(real_data: Path, name: str) -> None:
    found = Counter(compare(path)[0] for path in (real_data / "ct" / name).iterdir())
    assert set(found) <= {"walked", "refused"}
    assert found["refused"] <= 1  # an RTSTRUCT, which has no pixels


def test_a_damaged_header_is_the_same_to_both(files: dict[str, bytes], path: Path) -> None:
    found: Counter[str] = Counter()
    for index, content in enumerate(files.values()):
        places = elements(content)
        for number in range(25):
            path.write_bytes(damaged(content, places, seed=index, number=number))
            verdict, said = compare(path)
            assert verdict != "differs", (index, number, said)
            found[verdict] += 1
    assert min(found[verdict] for verdict in ("walked", "pydicom", "refused")) > 30


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


def without_preamble(content: bytes) -> bytes:
    return content[132:]


def wrong_group_length(content: bytes) -> bytes:
    return content[:140] + bytes([content[140] ^ 2]) + content[141:]


def naming_deflation(content: bytes) -> bytes:
    """An address of an institution, which claims that the file is deflated."""
    uid = DeflatedExplicitVRLittleEndian.encode()
    return content.replace(MODALITY, MODALITY + b"\x08\x00\x81\x00ST\x16\x00" + uid)


def deflated(content: bytes) -> bytes:
    start = 144 + int.from_bytes(content[140:144], "little")
    old, new = ExplicitVRLittleEndian.encode() + b"\0", DeflatedExplicitVRLittleEndian.encode()
    meta = content[:start].replace(b"UI\x14\0" + old, b"UI\x16\0" + new)
    meta = meta[:140] + (len(meta) - 144).to_bytes(4, "little") + meta[144:]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return meta + packer.compress(content[start:]) + packer.flush()


@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        (deflated, "pydicom"),
        (naming_deflation, "refused"),
        (without_preamble, "refused"),
        (wrong_group_length, "pydicom"),
        (replaced(MODALITY, MODALITY * 2), "pydicom"),
        (replaced(MODALITY, MODALITY.replace(b"CS", b"LO")), "pydicom"),
        (replaced(MODALITY, MODALITY.replace(b"CS", b"XX")), "refused"),
        (replaced(MODALITY, MODALITY.replace(b"CS", b"\x02\0")), "refused"),
        (replaced(MODALITY, b"\x08\x00\x60\x00CS\x00\x00"), "walked"),
        (replaced(ROWS, b""), "refused"),
        (replaced(ROWS, ROWS[:6] + b"\0\0"), "refused"),
        (replaced(ROWS, ROWS[:6] + b"\4\0\1\0\1\0"), "refused"),
        (replaced(CHARACTER_SET, CHARACTER_SET.replace(b"ISO", b"OSI")), "pydicom"),
        (replaced(CHARACTER_SET, CHARACTER_SET[:6] + b"\0\0"), "walked"),
        (replaced(b"PN", b"UN"), "refused"),
        (replaced(b"\xe0\x7f\x10\x00OW", b"\xe0\x7f\x08\x00OF"), "walked"),
        (replaced(b"\xe0\x7f\x10\x00OW", b"\xe0\x7f\x10\x00SH"), "walked"),
        (lambda content: content[: content.index(b"\xe0\x7f\x10\x00")], "pydicom"),
        (lambda content: content[: content.index(INTERCEPT) + 9], "pydicom"),
    ],
)  # fmt: skip
def test_doubtful_headers_go_to_pydicom(
    plain: bytes, path: Path, damage: Callable[[bytes], bytes], verdict: str
) -> None:
    content = damage(plain)
    assert content != plain
    path.write_bytes(content)
    assert compare(path)[0] == verdict
    if verdict != "walked":
        assert walk(path) is None


@pytest.mark.parametrize(
    ("sequence", "verdict"),
    [
        (b"SQ\0\0" + b"\xff" * 4 + ITEM + CHARACTER_SET + ITEM_END + SEQUENCE_END, "walked"),
        (b"SQ\0\0" + b"\xff" * 4 + ITEM + ITEM_END + SEQUENCE_END, "walked"),
        (b"SQ\0\0" + b"\xff" * 4 + SEQUENCE_END, "walked"),
        (b"SQ\0\0" + b"\xff" * 4 + ITEM[:4] + bytes(4) + SEQUENCE_END, "walked"),
        (b"SQ\0\0\x03\0\0\0abc", "walked"),  # nobody looks into it
        (b"SQ\0\0" + b"\xff" * 4 + ITEM[:4] + b"\4\0\0\0" + MODALITY + SEQUENCE_END, "pydicom"),
        (b"SQ\0\0" + b"\xff" * 4 + ITEM + CHARACTER_SET.replace(b"100", b"1a0") + ITEM_END
         + SEQUENCE_END, "pydicom"),
        (b"SQ\0\0" + b"\xff" * 4 + ITEM + MODALITY.replace(b"CS", b"XX") + ITEM_END
         + SEQUENCE_END, "pydicom"),
        (b"UN\0\0" + b"\xff" * 4 + ITEM + ITEM_END + SEQUENCE_END, "pydicom"),
        (b"OB\0\0" + b"\xff" * 4 + ITEM[:4] + b"\2\0\0\0ab" + SEQUENCE_END, "pydicom"),
        (b"SQ\0\0" + b"\xff" * 4 + ITEM + b"\x08\x00\x60\x00\x02\x00\x00\x00CT" + ITEM_END
         + SEQUENCE_END, "pydicom"),  # implicit within
    ],
)  # fmt: skip
def test_sequences_without_a_length(
    plain: bytes, path: Path, sequence: bytes, verdict: str
) -> None:  # fmt: skip
    """(0008,0061) follows the modality."""
    path.write_bytes(plain.replace(MODALITY, MODALITY + b"\x08\x00\x61\x00" + sequence))
    assert compare(path)[0] == verdict


@pytest.mark.parametrize("depth", [3, 16, 17, 400])
def test_deep_sequences_go_to_pydicom(plain: bytes, path: Path, depth: int) -> None:
    head = b"\x08\x00\x61\x00SQ\0\0" + b"\xff" * 4 + ITEM
    deep = head * depth + (ITEM_END + SEQUENCE_END) * depth
    path.write_bytes(plain.replace(MODALITY, MODALITY + deep))
    assert compare(path)[0] == ("walked" if depth <= 16 else "pydicom" if depth < 99 else "refused")


@pytest.mark.parametrize(("size", "verdict"), [(20_000, "walked"), (2 << 20, "pydicom")])
def test_private_blocks_before_the_pixels(
    plain: bytes, path: Path, size: int, verdict: str
) -> None:
    block = b"\x09\x00\x10\x00LO\x04\x00MAKN\x09\x00\x01\x10OB\0\0"
    start = plain.index(b"\x10\x00\x10\x00PN")
    block += size.to_bytes(4, "little") + bytes(size)
    path.write_bytes(plain[:start] + block + plain[start:])
    assert compare(path)[0] == verdict


def test_big_endian_goes_to_pydicom(plain: bytes, path: Path) -> None:
    path.write_bytes(plain)
    rewrite(path, ExplicitVRBigEndian)
    assert compare(path)[0] == "pydicom"


@pytest.mark.parametrize("representation", [0, 1, 2, None])
def test_an_implicit_padding_has_the_sign_of_the_pixels(
    files: dict[str, bytes], path: Path, representation: int | None
) -> None:
    path.write_bytes(files["nested 0 False"])
    dataset = pydicom.dcmread(path)
    if representation is None:
        del dataset.PixelRepresentation
    else:
        dataset.PixelRepresentation = representation
    path.write_bytes(written(dataset, ImplicitVRLittleEndian))
    expected = "pydicom" if representation is None else "walked"
    assert compare(path)[0] == expected
    assert read_header(path).padding in (63000, 63000 - 65536)


def test_digits_without_end_are_read_in_no_time(plain: bytes, path: Path) -> None:
    """Matching them took a time that grew with the square of their number."""
    start = plain.index(INTERCEPT)
    value = b"1" * 65_000 + b"x "
    end = start + 8 + int.from_bytes(plain[start + 6 : start + 8], "little")
    number = INTERCEPT + len(value).to_bytes(2, "little") + value
    path.write_bytes(plain[:start] + number + plain[end:])
    assert compare(path)[0] == "walked"
    assert read_header(path).intercept is None


@pytest.mark.parametrize("read", [read_header, parse_header])
def test_what_the_system_refuses_is_raised(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        read(tmp_path)
    (tmp_path / "empty").touch()
    with pytest.raises(BrokenHeaderError, match="the file is empty"):
        read(tmp_path / "empty")
