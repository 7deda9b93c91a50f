"""An instance of the service: its own registry, and an address for scrapes."""

from __future__ import annotations

from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Self

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from generator.simulate.incidents import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.demo.work import Measured, Measuring


class Instance:
    """One process of the service, or its imitation for Prometheus."""

    def __init__(self, name: str, measured: Measured, hidden: Callable[[], tuple[str, ...]]) -> None:
        """Begin without measurements.

        Args:
            name: The label ``instance``.
            measured: Gives the measuring of its releases.
            hidden: Returns the metrics that are not exposed now.
        """
        self.name, self._hidden = name, hidden
        self._registry = CollectorRegistry()
        self._measuring = measured(self._registry)
        self._lock = Lock()

    def __enter__(self) -> Self:
        instance = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gone = EVERYTHING in instance._hidden()
                body = b"" if gone else generate_latest(instance)
                self.send_response(503 if gone else 200)
                self.send_header("Content-Type", CONTENT_TYPE_LATEST)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(ConnectionError):  # a client that did not wait is reported by Prometheus
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Write no log."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The address for scrapes: host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def measuring(self, release: str) -> Measuring:
        """Return the measuring of a release."""
        with self._lock:
            return self._measuring(release)

    def collect(self) -> Iterator[Metric]:
        """Collect the exposed metrics, as a registry would."""
        hidden = self._hidden()
        for metric in self._registry.collect():
            if metric.name not in hidden and f"{metric.name}_total" not in hidden:
                yield metric
