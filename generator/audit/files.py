"""Files that a call names, read within a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.wording import system_reason
from generator.live.errors import LiveError

if TYPE_CHECKING:
    from pathlib import Path


def content(path: Path, most: int, wanted: str, smaller: str) -> bytes:
    """Read a file of at most ``most`` bytes.

    Args:
        path: The file.
        most: The limit.
        wanted: The way out where there is no such file, such as the kind of file to name.
        smaller: The way out where it is too large.

    Raises:
        LiveError: it does not exist, cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except FileNotFoundError as problem:
        raise LiveError(f"there is no file {path}", wanted) from problem
    except OSError as problem:
        raise LiveError(f"{path} cannot be read: {system_reason(problem)}", wanted) from problem
    if len(body) > most:
        raise LiveError(f"{path} is larger than {most // 1024 // 1024} MiB", smaller)
    return body
