"""HTTP servers on 127.0.0.1 for as long as a block lasts."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Handler(BaseHTTPRequestHandler):
    """Handles each request by ``handle_body``, and writes no log."""

    def do_GET(self) -> None:
        """Handle a request."""
        self.handle_body(self.rfile.read(int(self.headers.get("Content-Length", 0))))

    do_POST = do_DELETE = do_GET  # noqa: N815 - as http.server calls them

    def handle_body(self, body: bytes) -> None:
        """Answer a request with this body."""
        raise NotImplementedError

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no log."""


@contextmanager
def served(handler: type[Handler]) -> Iterator[str]:
    """Serve on a free port, at the address that is yielded."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
