"""A public S3 bucket of IDC on loopback: listings and objects, with faults."""

import hashlib
from collections import Counter
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import escape

from tests.loopback.server import LoopbackServer


class S3Server(LoopbackServer):
    """Serves `objects` by "bucket/key"; `faults` by the same name.

    Faults: `500`, `404`, `flip` (one byte differs from what the ETag says), `cut` (half the bytes).
    """

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.faults: dict[str, str] = {}
        self.multipart: set[str] = set()
        self.requests: Counter[str] = Counter()
        super().__init__()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        address = urlparse(handler.path)
        query = parse_qs(address.query)
        name = unquote(address.path).strip("/")
        if "list-type" in query or "/" not in name:
            listing = self._listing(name, query.get("prefix", [""])[0]).encode()
            self._send(handler, 200, listing, "application/xml")
            return
        self.requests[name] += handler.command == "GET"
        fault = self.faults.get(name, "")
        found = None if fault.isdigit() else self.content_of(name)
        if found is None:
            error = b"<Error><Code>NoSuchKey</Code></Error>"
            self._send(handler, int(fault or 404), error, "application/xml")
            return
        content = found
        if fault == "flip":
            content = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        if fault == "cut":
            content = content[: len(content) // 2]
        self._send(handler, 200, content, "application/dicom")

    def content_of(self, name: str) -> bytes | None:
        """Return an object by "bucket/key"."""
        return self.objects.get(name)

    def under(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Return the objects of a bucket by key."""
        named = ((*name.split("/", 1), content) for name, content in self.objects.items())
        return {key: content for b, key, content in named if b == bucket and key.startswith(prefix)}

    def _listing(self, bucket: str, prefix: str) -> str:
        entries = ""
        for key, content in sorted(self.under(bucket, prefix).items()):
            tag = _etag(content) + ("-2" if f"{bucket}/{key}" in self.multipart else "")
            entries += (
                f"<Contents><Key>{escape(key)}</Key><Size>{len(content)}</Size>"
                f"<LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                f"<ETag>&quot;{tag}&quot;</ETag><StorageClass>STANDARD</StorageClass></Contents>"
            )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix><IsTruncated>false</IsTruncated>"
            f"{entries}</ListBucketResult>"
        )

    def _send(
        self, handler: BaseHTTPRequestHandler, status: int, content: bytes, kind: str
    ) -> None:
        headers = {
            "Content-Type": kind,
            "ETag": f'"{_etag(content)}"',
            "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        }
        self.send(handler, status, content, headers)


def _etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
