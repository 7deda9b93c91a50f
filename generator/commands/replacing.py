"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from msgspec import Struct

from generator.commands.call import CallError
from generator.diagnostics.wording import system_reason
from generator.output.outcome import NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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


def check_no_spec(path: Path | None, specs: Path) -> None:
    """Check that a file to write would not replace one that an author wrote.

    Raises:
        CallError: it is a file of these specs.
    """
    if path is None or path.suffix not in {".yaml", ".yml"} or not path.exists():
        return
    if Path(os.path.realpath(path)).is_relative_to(os.path.realpath(specs)):
        raise CallError(f"{path} is a file of the specs, and would be replaced", "name another file")


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
        new = _beside(place)
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


def write_all(files: Mapping[Path, str]) -> None:
    """Write files, all of them or none; missing directories are made.

    Each is written beside its place first, so that a full disk is found before anything has changed. Only a failing
    disk leaves some of several existing files replaced, and others not.

    Raises:
        CallError: about the first file that cannot be written.
    """
    made: list[Path] = []
    try:
        staged = {path: _staged(path, text, made) for path, text in files.items()}
        for path, new in staged.items():
            with _readable_errors(path, "and run again"):
                is_new = not path.exists()
                new.replace(_place(path))
            made += [path] if is_new else []
    except BaseException:
        _remove(reversed(made))
        raise


def _remove(paths: Iterable[Path]) -> None:
    """Remove files and empty directories, as far as they are there and the system lets them go."""
    for path in paths:
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)


def _staged(path: Path, text: str, made: list[Path]) -> Path:
    """Write a file beside its place; what is made for it is added to ``made``."""
    with _readable_errors(path, "and run again; nothing was written"):
        for folder in reversed([one for one in path.parents if not one.exists()]):
            folder.mkdir()
            made.append(folder)
        new = _beside(_place(path))
        made.append(new)
        with open(os.open(new, _NEW, 0o666), "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return new


def _beside(place: Path) -> Path:
    return place.with_name(f".{place.name[:100]}.{secrets.token_hex(8)}")


def _place(path: Path) -> Path:
    place = Path(os.path.realpath(path))
    if place.exists() and not place.is_file():
        raise CallError(f"{path} cannot be written: it is no file", "name another file")
    return place


@contextmanager
def _readable_errors(path: Path, then: str = "") -> Iterator[None]:
    """Name the file of an error; ``then`` is what follows after its cause is removed, where no other file will do."""
    try:
        yield
    except OSError as problem:
        remedy = "make room" if problem.errno in NO_ROOM else "check the path and its permissions"
        help_ = f"{remedy}, {then}" if then else "name another file, or make room for it"
        raise CallError(f"{path} cannot be written: {system_reason(problem)}", help_) from problem
