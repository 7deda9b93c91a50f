"""Programs that we start beside us, and end."""

from __future__ import annotations

import socket
import subprocess
from shutil import which

from generator.live.errors import LiveError

_STOP_SECONDS = 10.0


def find(program: str, package: str) -> str:
    """Return the path of a program.

    Raises:
        LiveError: there is none, with the Debian package that has it.
    """
    found = which(program)
    if found is None:
        message = f"no {program.capitalize()} on this machine: apt-get install {package}"
        raise LiveError(message)
    return found


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, and wait until it has ended."""
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Choose a port of 127.0.0.1 that nobody listens on, for now."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port: int = chosen.getsockname()[1]
        return port
