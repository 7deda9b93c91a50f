"""A real Alertmanager for as long as a ``with`` block lasts."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from generator.live.errors import LiveError
from generator.live.process import find, free_port, stop
from generator.live.server_log import last_errors
from generator.live.transport import open_connection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.live.transport import Connection

#: The program as Debian calls it, and as its makers do.
_PROGRAMS = ("prometheus-alertmanager", "alertmanager")
_ATTEMPTS = 3
_START_SECONDS = 60.0
_PROBE_SECONDS = 0.5
_POLL_SECONDS = 0.05
_LOG = "log"


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
        (directory / "alertmanager.yml").write_text(config, encoding="utf-8")
        server = _start(binary, directory, port)
        try:
            yield server
        finally:
            stop(server.process)


def _start(binary: str, directory: Path, port: int) -> Alertmanager:
    """Start until no one else has our port: between choosing one and using it, another may take it."""
    for _ in range(1 if port else _ATTEMPTS):
        server = _launch(binary, directory, port or free_port())
        try:
            if _is_ready(server):
                return server
        except BaseException:
            stop(server.process)
            raise
        stop(server.process)
    message = f"Alertmanager does not start: {last_errors(directory / _LOG) or 'it says nothing'}"
    raise LiveError(message)


def _launch(binary: str, directory: Path, port: int) -> Alertmanager:
    command = [
        binary,
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    with (directory / _LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  (our own arguments, no shell)
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    connection = open_connection(
        f"http://127.0.0.1:{port}", timeout=_PROBE_SECONDS * 10, retries=0, headers={}
    )
    return Alertmanager(connection, process)


def _is_ready(server: Alertmanager) -> bool:
    """Wait until it is ready; false if its process ends first."""
    deadline = time.monotonic() + _START_SECONDS
    while server.process.poll() is None and time.monotonic() < deadline:
        with suppress(LiveError):
            if server.connection.send("GET", "/-/ready").ok:
                return True
        time.sleep(_POLL_SECONDS)
    return False
