"""NBIA's v4 service on loopback, with the faults that the real one and the network have."""

import hashlib
import io
import json
import socket
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlparse

from tests.loopback.content import IMAGES, series_files
from tests.loopback.server import LoopbackServer

PATH = "/nbia-api/services/v4/"


# What may be wrong with the list of sums: its text -> what is sent.
LISTS: dict[str, Callable[[str], bytes]] = {
    "list_header": lambda text: text.split("\n")[0].encode(),
    "list_empty": lambda text: b"",
    "list_row": lambda text: text.rsplit("\n", 1)[0].encode(),
    "list_semicolon": lambda text: text.replace(",", ";").encode(),
    "list_binary": lambda text: bytes(range(256)) * 3,
    "list_nul": lambda text: text.replace(",", "\0", 2).encode(),
    "list_sums": lambda text: text.replace(",", ",x").encode(),
    "list_twice": lambda text: f"{text}\n{text.splitlines()[-1]}".encode(),
    "list_other": lambda text: text.replace("00000001", "00000009").encode(),
}


def zipped(
    files: dict[str, bytes], with_list: bool = True, fault: Callable[[str], bytes] = str.encode
) -> bytes:
    """Return the zip that getImageWithMD5Hash answers with: the list of sums comes last."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        if with_list:
            rows = [
                f"{n},{hashlib.md5(c, usedforsecurity=False).hexdigest()}" for n, c in files.items()
            ]
            archive.writestr("md5hashes.csv", fault("\n".join(["Filename,MD5Hash", *rows])))
    return buffer.getvalue()


def half(files: dict[str, bytes]) -> dict[str, bytes]:
    return dict(list(files.items())[: IMAGES // 2])


def _flipped(content: bytes) -> bytes:
    """Change one byte of the first file's pixels: its CRC no longer holds."""
    at = content.index(b"\xe0\x7f\x10\x00") + 40
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _wrong_md5(files: dict[str, bytes]) -> bytes:
    content = zipped(files)
    first = hashlib.md5(next(iter(files.values())), usedforsecurity=False).hexdigest().encode()
    wrong = content.replace(first, b"0" * 32)
    # The list's own CRC has to be right: write the archive anew.
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        rows = [f"{n},{'0' * 32}" for n in files]
        archive.writestr("md5hashes.csv", "\n".join(["Filename,MD5Hash", *rows]))
    assert wrong != content
    return buffer.getvalue()


def body(fault: str, files: dict[str, bytes]) -> bytes:
    """Return what the archive sends for a series with a fault."""
    if fault in LISTS:
        return zipped(files, fault=LISTS[fault])
    if fault == "half":
        return zipped(half(files), with_list=False)
    if fault == "half_listed":
        return zipped(half(files))
    if fault == "bad_crc":
        return _flipped(zipped(files))
    if fault == "wrong_md5":
        return _wrong_md5(files)
    if fault == "other_series":
        return zipped(series_files("2.25.666"))
    if fault == "duplicates":
        return zipped(dict.fromkeys(files, files["00000001.dcm"]))
    if fault == "license_only":
        return zipped({"LICENSE": b"CC BY"}, with_list=False)
    if fault == "html":
        return b"<html><body>Service unavailable</body></html>"
    if fault == "empty":
        return b""
    if fault == "cut_zip":
        return zipped(files)[:-300]
    return zipped(files)


class NbiaServer(LoopbackServer):
    """Serves any series; `faults` maps a SeriesInstanceUID to what is wrong with it.

    A fault `503x2` answers the first two requests with 503 and is healed then.
    """

    def __init__(self, files_of: Callable[[str], dict[str, bytes]] = series_files) -> None:
        self.files_of = files_of
        self.faults: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.requests: Counter[str] = Counter()
        super().__init__()
        self.url += PATH

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        address = urlparse(handler.path)
        uid = parse_qs(address.query)["SeriesInstanceUID"][0]
        fault = self.faults.get(uid, "")
        if address.path.endswith("getSeries"):
            listing = [
                {
                    "SeriesInstanceUID": uid,
                    "ImageCount": self.counts.get(uid) or len(self.files_of(uid)),
                }
            ]
            content = b"" if fault == "unknown" else json.dumps(listing).encode()
            self.send(handler, 500 if fault == "listing_500" else 200, content)
            return
        self.requests[uid] += 1
        self._answer_images(handler, uid, fault)

    def _answer_images(self, handler: BaseHTTPRequestHandler, uid: str, fault: str) -> None:
        status, _, times = fault.partition("x")
        if status.isdigit() and (not times or self.requests[uid] <= int(times)):
            self.send(handler, int(status), b"No access")
        elif fault == "stall":
            time.sleep(5)
        elif fault == "drop":
            handler.connection.shutdown(socket.SHUT_RDWR)  # `close` leaves the file open
        elif fault == "truncate":
            content = body("", self.files_of(uid))
            self.send(handler, 200, content[: len(content) // 2], length=len(content))
        else:
            self.send(handler, 200, body(fault, self.files_of(uid)))
