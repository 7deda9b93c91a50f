"""A real Alertmanager for as long as a ``with`` block lasts."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from generator.live.process import START_SECONDS, HttpServer, find_program, launch_http, running

if TYPE_CHECKING:
    from collections.abc import Iterator


#: The program's name in Debian, and its makers' name.
_PROGRAMS = ("prometheus-alertmanager", "alertmanager")
_CONFIG = "alertmanager.yml"


def find_alertmanager() -> str:
    """Return the path of the program.

    Raises:
        LiveError: it is not installed.
    """
    return next(filter(None, map(which, _PROGRAMS)), None) or find_program("alertmanager", _PROGRAMS[0])


@contextmanager
def alertmanager_server(
    config: str, *, port: int = 0, timeout: float = START_SECONDS
) -> Iterator[HttpServer]:
    """Start an Alertmanager on 127.0.0.1, and end it with its data when the block ends.

    Args:
        config: its configuration file's text.
        port: the port it listens on; 0 takes a free one.
        timeout: seconds until it is ready.

    Raises:
        LiveError: there is no Alertmanager, or it does not start (with its last messages).
    """
    binary = find_alertmanager()
    with tempfile.TemporaryDirectory(prefix="alertmanager-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / _CONFIG).write_text(config, encoding="utf-8")
        launched = partial(_launch, binary, directory)
        with running(
            launched, _is_ready, directory, called="Alertmanager", port=port, timeout=timeout
        ) as server:
            yield server


def _launch(binary: str, directory: Path, port: int) -> HttpServer:
    command = [
        binary,
        f"--config.file={directory / _CONFIG}",
        f"--storage.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return launch_http(command, directory, port)


def _is_ready(server: HttpServer) -> bool:
    return server.answers("/-/ready")
