"""Directories as values, to compare the states before and after."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from generator.artifact import Artifact
from tests.models import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHM = Path("/dev/shm")  # noqa: S108 - nothing is given a name there that others know
#: The texts of an output by path, before and after a change.
OLD = {"catalog.json": "{}\n", "rules/a.yml": "old\n", "rules/deep/b.yml": "b\n"}
NEW = {"catalog.json": "{}\n", "rules/a.yml": "new\n", "books/c.md": "c\n"}


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder where flushing takes no time, for tests of several hundred writes."""
    with TemporaryDirectory(dir=SHM if SHM.is_dir() else None) as folder:
        yield Path(folder)


def artifacts(files: Mapping[str, str]) -> tuple[Artifact, ...]:
    """Artifacts of path and text."""
    return tuple(Artifact(path, text) for path, text in files.items())


def snapshot(root: Path) -> dict[str, str] | None:
    """Each path below ``root`` with its kind, its permissions and its content; None when there is no root."""
    if not os.path.lexists(root):
        return None
    paths = [root, *sorted(root.rglob("*"))]
    return {path.relative_to(root).as_posix(): _described(path) for path in paths}


def held(root: Path) -> dict[str, str]:
    """The snapshot without directories: an empty one may remain where the system has refused to remove it."""
    return {path: what for path, what in (snapshot(root) or {}).items() if not what.startswith("d")}


def stamps(root: Path) -> dict[str, tuple[int, int, int]]:
    """Inode and both times of every path: equal ones mean that nothing was written."""
    found = {path: path.lstat() for path in (root, *root.rglob("*"))}
    return {str(path): (is_.st_ino, is_.st_mtime_ns, is_.st_ctime_ns) for path, is_ in found.items()}


def files(root: Path) -> dict[str, str]:
    """The regular files below ``root``, without the manifest, and their text."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink())
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in found}
    return {path: text for path, text in texts.items() if path != "manifest.json"}


def beside(target: Path) -> list[str]:
    """The names beside the target, sorted."""
    return sorted(path.name for path in target.parent.iterdir() if path != target)


def put(root: Path, path: str, text: str) -> Path:
    """Write a file as a user would."""
    return written(root, {path: text}) / path


def _described(path: Path) -> str:
    found = path.lstat()
    mode = stat.filemode(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return f"{mode} -> {path.readlink()}"
    return f"{mode} {path.read_bytes()!r}" if stat.S_ISREG(found.st_mode) else mode
