"""A server of plain files on loopback that resumes, and that breaks when told to."""

from http.server import BaseHTTPRequestHandler

from tests.loopback.server import LoopbackServer


class FileServer(LoopbackServer):
    """Serves `files` by name; `faults` is a list that the next answers take from its front.

    Faults: a status such as `500`, or `break` (half of what was asked, then the connection ends).
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.faults: list[str] = []
        self.ranges: list[str] = []
        super().__init__()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range", "")
        self.ranges.append(asked)
        fault = self.faults.pop(0) if self.faults else ""
        content = self.content_of(handler.path.strip("/"))
        if fault.isdigit() or content is None:
            self.send(handler, int(fault or 404))
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(content):
            self.send(handler, 416)
            return
        rest = content[start:]
        sent = rest[: len(rest) // 2] if fault == "break" else rest
        self.send(handler, 206 if asked else 200, sent, length=len(rest))

    def content_of(self, name: str) -> bytes | None:
        """Return a file."""
        return self.files.get(name)
