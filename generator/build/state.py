"""What the last compilation read, said and wrote: where nothing of it has changed, there is nothing to do."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, NamedTuple

from generator.build.folder import keep

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME = "state.json"


class Told(NamedTuple):
    """What a compilation said of the specs, without colours and with them, and would say of the output next time.

    A tuple, since to import msgspec takes longer than all that this module does.
    """

    plain: str
    coloured: str
    summary: str


def told_last(folder: Path, inputs: str, output: Path) -> Told | None:
    """Find what was said when ``inputs`` were compiled into ``output``.

    Returns:
        None unless that was the last compilation, and nobody has touched its files since.
    """
    try:
        state = json.loads((folder / _NAME).read_bytes())
        if (
            state["inputs"] != inputs
            or output.is_symlink()
            or state["files"] != _signed(output, state["files"])
        ):
            return None
        return Told(*state["told"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(folder: Path, inputs: str, output: Path, paths: Iterable[str], told: Told) -> None:
    """Remember a compilation that has ended."""
    try:
        state = {"inputs": inputs, "told": told, "files": _signed(output, paths)}
    except OSError:  # somebody takes the output away meanwhile
        return
    keep(folder / _NAME, json.dumps(state).encode())


def _signed(output: Path, paths: Iterable[str]) -> dict[str, list[int]]:
    """Sign files by what changes when anybody writes, replaces or moves one."""
    root = os.fspath(output)
    found = {path: os.lstat(f"{root}/{path}") for path in paths}
    return {path: [one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns] for path, one in found.items()}
