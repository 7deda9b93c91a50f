"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from generator.commands.call import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class Replacement(Struct, frozen=True):
    """The new content of ``path``, which replaces it when all is written."""

    path: Path
    file: TextIO

    def write(self, parts: Iterable[str]) -> None:
        """Write text, part by part.

        Raises:
            CallError: the disk is full, or fails.
        """
        with _readable_errors(self.path):
            self.file.writelines(parts)


@contextmanager
def replacing(path: Path) -> Iterator[Replacement]:
    """Write a file that replaces ``path`` when the block succeeds; otherwise the old file stays.

    The new file is made at once, beside ``path``, so that a place that cannot be written is found before any work is
    done. A link is followed: its target is replaced.

    Raises:
        CallError: no such directory, no permission, a full disk, or not a file at ``path``.
    """
    with _readable_errors(path):
        place = _place(path)
        new = place.with_name(f".{place.name[:100]}.{secrets.token_hex(8)}")
        descriptor = os.open(new, _NEW, 0o666)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a descriptor, no path
            yield Replacement(path, file)
            with _readable_errors(path):
                file.flush()
                os.fsync(descriptor)
        with _readable_errors(path):
            new.replace(place)
    finally:
        new.unlink(missing_ok=True)


def _place(path: Path) -> Path:
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        raise CallError(f"{path} cannot be written: it is no file", "name another file")
    return place


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        reason = (problem.strerror or str(problem)).lower()
        raise CallError(
            f"{path} cannot be written: {reason}", "name another file, or make room for it"
        ) from problem
