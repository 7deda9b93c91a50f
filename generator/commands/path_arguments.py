"""Paths on the command line; an empty one is a variable that nobody has set, and would mean the working directory."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path


def path(text: str) -> Path:
    """Take a path.

    Raises:
        ArgumentTypeError: it is blank.
    """
    if not text.strip():
        raise ArgumentTypeError("the path is empty")
    return Path(text)


def output_directory(text: str) -> Path:
    """Take a directory to write in, which must have a name: ``..`` is where something else lives.

    Raises:
        ArgumentTypeError: it is blank, or ends with ``..``.
    """
    if path(text).name == "..":
        raise ArgumentTypeError(f"{text} is not a directory of its own; name one, as in: -o output")
    return Path(text)
