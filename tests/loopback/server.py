"""A server on loopback: a subclass answers, this starts and stops it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    # s5cmd opens 256 connections at once; those that the queue does not take wait for seconds.
    request_queue_size = 1024
    daemon_threads = True


class LoopbackServer:
    """Listens on a free port of 127.0.0.1 until it is closed."""

    def __init__(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                server.answer(self)

            def do_HEAD(self) -> None:
                server.answer(self)

        self._http = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        raise NotImplementedError

    @staticmethod
    def send(
        handler: BaseHTTPRequestHandler,
        status: int,
        content: bytes = b"",
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Answer; a `length` that differs from the content's breaks the connection early."""
        promised = len(content) if length is None else length
        handler.send_response(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(promised))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)
            handler.wfile.flush()
        if promised != len(content):
            handler.close_connection = True
