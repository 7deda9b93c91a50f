"""A server of ours that is used by HTTP only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.live.errors import LiveError
from generator.live.process import launch
from generator.live.retry import ONCE
from generator.live.transport import Connection, open_connection

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path


_SECONDS = 5.0


class HttpServer(Struct, frozen=True):
    """A server that we started; ``process`` may be a client that controls it."""

    connection: Connection
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address."""
        return self.connection.url

    def answers(self, path: str) -> bool:
        """Whether it answers at ``path`` with success."""
        try:
            return self.connection.send("GET", path).ok
        except LiveError:
            return False


def launch_http(command: Sequence[str], directory: Path, port: int) -> HttpServer:
    """Start a program that will listen on a port of 127.0.0.1."""
    connection = open_connection(f"http://127.0.0.1:{port}", timeout=_SECONDS, patience=ONCE)
    return HttpServer(connection, launch(command, directory))
