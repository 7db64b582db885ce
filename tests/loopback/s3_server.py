"""A public S3 bucket of IDC on loopback: listings and objects, with faults."""

import hashlib
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse
from xml.sax.saxutils import escape


class S3Server:
    """Serves `objects` by "bucket/key"; `faults` by the same name.

    Faults: `500`, `404`, `flip` (one byte differs from what the ETag says), `cut` (half the bytes).
    """

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.faults: dict[str, str] = {}
        self.requests: Counter[str] = Counter()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                server.answer(self)

            def do_HEAD(self) -> None:
                server.answer(self, body=False)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, body: bool = True) -> None:
        address = urlparse(handler.path)
        query = parse_qs(address.query)
        name = unquote(address.path).strip("/")
        if "list-type" in query or "/" not in name:
            listing = self._listing(name, query.get("prefix", [""])[0]).encode()
            self._send(handler, 200, listing, "application/xml", body)
            return
        self.requests[name] += body
        fault = self.faults.get(name, "")
        if fault.isdigit() or name not in self.objects:
            error = b"<Error><Code>NoSuchKey</Code></Error>"
            self._send(handler, int(fault or 404), error, "application/xml", body)
            return
        content = self.objects[name]
        if fault == "flip":
            content = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        if fault == "cut":
            content = content[: len(content) // 2]
        self._send(handler, 200, content, "application/dicom", body)

    def _listing(self, bucket: str, prefix: str) -> str:
        entries = ""
        for name, content in sorted(self.objects.items()):
            where, key = name.split("/", 1)
            if where == bucket and key.startswith(prefix):
                tag = _etag(content)
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

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler, status: int, content: bytes, kind: str, body: bool
    ) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content)))
        handler.send_header("Content-Type", kind)
        handler.send_header("ETag", f'"{_etag(content)}"')
        handler.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        handler.end_headers()
        if body:
            handler.wfile.write(content)


def _etag(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
