"""A PNG is read whole or refused in one sentence: no flipped bit passes, nor another exception."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maknet.data.deeplesion.png import ImageUnreadableError, read_png

STORED = np.random.default_rng(0).integers(31000, 34000, (24, 24)).astype(np.uint16)


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    Image.fromarray(STORED).save(tmp_path / "whole.png")
    return (tmp_path / "whole.png").read_bytes()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def header(width: int = 4, height: int = 4, depth: int = 16, color: int = 0) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))


PIXELS = chunk(b"IDAT", zlib.compress(bytes(4 * 9)))
END = chunk(b"IEND", b"")
BOMB = zlib.compress(bytes(1 << 24))


def refusal(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(ImageUnreadableError) as caught:
        read_png(path)
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return sentence


def test_a_handmade_png_is_read(tmp_path: Path) -> None:
    for number, extra in enumerate([b"", chunk(b"tIME", bytes(7))]):
        path = tmp_path / f"{number}.png"
        path.write_bytes(png(header(), extra, PIXELS, END))
        assert (read_png(path) == -32768).all()


def test_every_flipped_bit_is_found(tmp_path: Path, whole: bytes) -> None:
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        refusal(tmp_path, bytes(flipped))


def test_every_truncation_is_found(tmp_path: Path, whole: bytes) -> None:
    for size in range(0, len(whole), 7):
        assert "damaged" in refusal(tmp_path, whole[:size])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (png(header(), PIXELS, END) + b"\0", "1 bytes after its end"),
        (png(header(), PIXELS, PIXELS, END, PIXELS), "bytes after its end"),
        (png(PIXELS, END), "does not begin with a header"),
        (png(header(), END), "0 bytes where its header claims 36"),
        (png(header(), PIXELS), "breaks off"),
        (png(header(), chunk(b"IDAT", b"no zlib"), END), "pixels cannot be decoded"),
        (png(header(), chunk(b"IDAT", zlib.compress(bytes(20))), END), "20 bytes where"),
        (png(header(height=5), PIXELS, END), "36 bytes where its header claims 45"),
        (png(header(height=3), PIXELS, END), "more bytes where its header claims 27"),
        (png(header(), PIXELS, PIXELS, END), "more bytes where"),
        (png(header(), chunk(b"IDAT", zlib.compress(bytes([9] * 36))), END), "rows cannot be"),
        (png(header(), chunk(b"IDAT", zlib.compress(bytes(36))[:-2]), END), "their checksum"),
        (png(header(), chunk(b"IDAT", BOMB), END), "more bytes where"),
        (png(header(width=0), PIXELS, END), "0 x 4 pixels"),
        (png(header(70_000, 70_000), PIXELS, END), "70000 x 70000 pixels"),
        (png(header(5000, 5000), PIXELS, END), "5000 x 5000 pixels"),
        (png(chunk(b"IHDR", bytes(12)), PIXELS, END), "does not begin with a header"),
        (png(header(color=2), PIXELS, END), "not a 16-bit gray PNG"),
        (png(header(depth=8), PIXELS, END), "not a 16-bit gray PNG"),
        (b"", "the file is empty"),
        (b"\xff\xd8\xff\xe0" + bytes(60), "does not begin as a PNG"),
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(tmp_path, content)


def test_chunks_that_hold_no_pixels_are_not_unpacked(tmp_path: Path) -> None:
    bomb = chunk(b"zTXt", b"a\0\0" + BOMB)
    (tmp_path / "a.png").write_bytes(png(header(), bomb, PIXELS, END))
    assert read_png(tmp_path / "a.png").shape == (4, 4)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (PermissionError(13, "Permission denied"), r"may not be read .*ask its owner"),
        (OSError(5, "Input/output error"), r"cannot be read \(Input/output error\)"),
    ],
)
def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, whole: bytes, monkeypatch: pytest.MonkeyPatch, fault: OSError, what: str
) -> None:
    def refuse(*_: object) -> bytes:
        raise fault

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ImageUnreadableError, match=what) as caught:
        read_png(tmp_path / "whole.png")
    assert "damaged" not in str(caught.value)


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadableError, match="is a folder"):
        read_png(tmp_path)
    with pytest.raises(ImageUnreadableError, match="is missing"):
        read_png(tmp_path / "none.png")


@pytest.mark.real
def test_real_slices_are_read_as_pillow_reads_them(real_data: Path) -> None:
    paths = sorted((real_data / "deeplesion" / "Images_png").rglob("*.png"))
    assert paths
    for path in paths:
        with Image.open(path) as image:
            expected = np.asarray(image).astype(np.int32) - 32768
        assert np.array_equal(read_png(path), expected)
