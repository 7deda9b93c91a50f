"""A real Alertmanager for as long as a ``with`` block lasts."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from generator.live.errors import LiveError
from generator.live.process import find, launch, started, stop
from generator.live.transport import open_connection

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from generator.live.transport import Connection

#: The program as Debian calls it, and as its makers do.
_PROGRAMS = ("prometheus-alertmanager", "alertmanager")
_SECONDS = 5.0
_CONFIG = "alertmanager.yml"


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """A server that we started."""

    connection: Connection
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Its address."""
        return self.connection.url


def find_alertmanager() -> str:
    """Return the path of the program.

    Raises:
        LiveError: there is none.
    """
    return next(filter(None, map(which, _PROGRAMS)), None) or find("alertmanager", _PROGRAMS[0])


@contextmanager
def alertmanager_server(config: str, *, port: int = 0) -> Iterator[Alertmanager]:
    """Start an Alertmanager on 127.0.0.1, and end it with its data when the block ends.

    Args:
        config: its configuration file's text.
        port: the port it listens on; 0 takes a free one.

    Raises:
        LiveError: there is no Alertmanager, or it does not start (with what it said).
    """
    binary = find_alertmanager()
    with tempfile.TemporaryDirectory(prefix="alertmanager-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / _CONFIG).write_text(config, encoding="utf-8")
        server = started(
            partial(_launch, binary, directory), _is_ready, directory, called="Alertmanager", port=port
        )
        try:
            yield server
        finally:
            stop(server.process)


def _launch(binary: str, directory: Path, port: int) -> Alertmanager:
    command = [
        binary,
        f"--config.file={directory / _CONFIG}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    connection = open_connection(f"http://127.0.0.1:{port}", timeout=_SECONDS, retries=0, headers={})
    return Alertmanager(connection, launch(command, directory))


def _is_ready(server: Alertmanager) -> bool:
    try:
        return server.connection.send("GET", "/-/ready").ok
    except LiveError:
        return False
