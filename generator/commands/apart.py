"""Specs and output in directories of their own."""

from __future__ import annotations

import os
from pathlib import Path

from generator.commands.call_error import CallError

_READ = ("services", "profiles")


def check_apart(specs: Path, output: Path) -> None:
    """Refuse to write among the specs; a directory of its own below or above them is none of them.

    Raises:
        CallError: the output is the specs directory, or stands where services or profiles are read.
    """
    place, root = Path(os.path.realpath(output)), Path(os.path.realpath(specs))
    if place == root or any(place.is_relative_to(os.path.realpath(root / name)) for name in _READ):
        raise CallError(
            f"{output} is where specs are read from", "name another output directory, as in: -o output"
        )
