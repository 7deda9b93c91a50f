"""A server that answers from a script, and records its requests."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from msgspec import Struct, field

from generator.live.api import connect
from generator.live.retry import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.live.api import PrometheusApi

    Answer = tuple[int, bytes, dict[str, str]]
    Reply = Callable[[dict[str, str]], Answer]


#: Repeats at once.
WITHOUT_WAITING = Patience(sleep=lambda _: None)


class Script(Struct):
    """The server: ``reply`` makes an answer of a request's fields."""

    api: PrometheusApi
    asked: list[dict[str, str]] = field(default_factory=list)
    reply: Reply = field(default=lambda _: (500, b"no script", {}))


@contextmanager
def scripted() -> Iterator[Script]:
    """Serve a script as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            fields = dict(parse_qsl(self.rfile.read(length).decode()))
            told.asked.append(fields)
            status, body, headers = told.reply(fields)
            self.send_response(status)
            for name, text in headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the client may not wait
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Script(connect(f"http://127.0.0.1:{server.server_port}", timeout=30, patience=WITHOUT_WAITING))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield told
        finally:
            told.api.close()
            server.shutdown()
            thread.join()
