"""Programs that we start beside us, and end; their logs for people, and servers that are used by HTTP only."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from contextlib import contextmanager
from shutil import which
from typing import TYPE_CHECKING, Protocol, TypeVar

from msgspec import Struct

from generator.live.errors import LiveError
from generator.live.retry import ONCE
from generator.live.transport import Connection, open_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_ATTEMPTS = 5
#: The time until a server that we start is ready.
START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_POLL_SECONDS = 0.02
_LOG = "log"
_TAKEN = "address already in use"
_SECONDS = 5.0
_ERROR = re.compile(r'\berr=(?P<text>"(?:[^"\\]|\\.)*"|\S+)')
_LINES = 3


class Server(Protocol):
    """A program that listens."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The started process."""


S = TypeVar("S", bound=Server)


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


def find_program(program: str, package: str) -> str:
    """Return the path of a program.

    Raises:
        LiveError: it is not installed, with the Debian package that has it.
    """
    path = which(program)
    if path is None:
        message = f"no {program.capitalize()} on this machine: apt-get install {package}"
        raise LiveError(message)
    return path


def launch(command: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    """Start a program in a directory, with a log there."""
    with log_of(directory).open("wb") as log:
        return subprocess.Popen(  # noqa: S603  (our own arguments, no shell)
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


def log_of(directory: Path) -> Path:
    """Return the path of the log of a program started in a directory."""
    return directory / _LOG


@contextmanager
def running(  # noqa: PLR0913 - its options are by keyword
    launched: Callable[[int], S],
    is_ready: Callable[[S], bool],
    directory: Path,
    *,
    called: str,
    port: int = 0,
    timeout: float = START_SECONDS,
) -> Iterator[S]:
    """Start a server, wait until it is ready, and end it when the block ends.

    Args:
        launched: starts it, by ``launch`` in ``directory``, on a port.
        is_ready: whether it answers; called repeatedly.
        directory: the directory of its log.
        called: its name, for messages.
        port: the port it listens on; 0 takes a free one.
        timeout: seconds until it is ready.

    Raises:
        LiveError: it does not start (with its last messages).
    """
    server = _started(launched, is_ready, directory, port, timeout)
    if server is None:
        message = f"{called} does not start: {last_errors(log_of(directory)) or 'it says nothing'}"
        raise LiveError(message)
    try:
        yield server
    finally:
        _stop(server.process)


def _started(
    launched: Callable[[int], S], is_ready: Callable[[S], bool], directory: Path, port: int, timeout: float
) -> S | None:
    """Start a server; None where that fails.

    Another program may take the free port before it is used: the server is then started on another port.
    """
    for _ in range(1 if port else _ATTEMPTS):
        server = launched(port or _free_port())
        try:
            if _waited(server, is_ready, timeout):
                return server
        except BaseException:
            _stop(server.process)
            raise
        _stop(server.process)
        if _TAKEN not in last_errors(log_of(directory)):
            break
    return None


def _waited(server: S, is_ready: Callable[[S], bool], timeout: float) -> bool:
    """Wait until a server is ready; false if its process ends first."""
    deadline = time.monotonic() + timeout
    while server.process.poll() is None and time.monotonic() < deadline:
        if is_ready(server):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, and wait until it has ended."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    """Choose a port of 127.0.0.1 that is free at the moment."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port


def launch_http(command: Sequence[str], directory: Path, port: int) -> HttpServer:
    """Start a program that will listen on a port of 127.0.0.1."""
    connection = open_connection(f"http://127.0.0.1:{port}", timeout=_SECONDS, patience=ONCE)
    return HttpServer(connection, launch(command, directory))


def last_errors(log: Path) -> str:
    """Return the reasons in the last lines of ``log``; without a reason the lines; ``""`` for an empty log.

    ``ts=... caller=... level=error msg="loading groups failed" err="a.yml: 5:11: parse error"`` becomes
    ``a.yml: 5:11: parse error``.
    """
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    reasons = [_unquoted(match["text"]) for line in lines if (match := _ERROR.search(line))]
    return "\n".join((reasons or lines)[-_LINES:])


def _unquoted(text: str) -> str:
    """Undo Go's quoting, which is JSON's except for rare escapes."""
    try:
        return str(json.loads(text)) if text.startswith('"') else text
    except ValueError:
        return text
