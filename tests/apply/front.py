"""A server in front of a Prometheus that passes reads on, and answers all other requests itself."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.api import PrometheusApi


@contextmanager
def in_front_of(api: PrometheusApi, status: int, said: bytes) -> Iterator[str]:
    """Serve at the address that is yielded; every POST is answered with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = api.connection.send("GET", self.path)
            self._send(answer.status, answer.body)

        def do_POST(self) -> None:
            self._send(status, said)

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
