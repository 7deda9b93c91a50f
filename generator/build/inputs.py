"""What a compilation depends on, by hash: the compiler, what services share, and the file of each service."""

from __future__ import annotations

import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from generator.fingerprint import fingerprint
from generator.spec import files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: What is larger is no spec, and is refused without being read.
_LARGEST = 4 * 1024 * 1024


class Inputs(NamedTuple):
    """Keys, which are others when anything changes that they stand for.

    ``shared`` stands for the compiler and all that services share, each of ``keys`` for that and a service's file.

    A tuple, since to import msgspec takes longer than all that this module does.
    """

    shared: str
    keys: dict[Path, str]

    @property
    def whole(self) -> str:
        """A key for the whole compilation."""
        return joint_hash(key.encode() for key in (self.shared, *self.keys.values()))


def inputs_of(directory: Path) -> Inputs | None:
    """Hash all that is compiled; None where a file cannot be read, so that the compiler has to say so."""
    try:
        parts = (part for path in files.shared(directory) for part in _named(path))
        shared = joint_hash(
            (fingerprint().encode(), str(directory).encode("utf-8", "surrogateescape"), *parts)
        )
        keys = {path: joint_hash((shared.encode(), *_named(path))) for path in files.services(directory)}
        return Inputs(shared, keys)
    except OSError:
        return None


def _named(path: Path) -> tuple[bytes, bytes]:
    """Give a file's name, as messages show it, and its content."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST:
        raise OSError
    return str(path).encode("utf-8", "surrogateescape"), path.read_bytes()


def joint_hash(parts: Iterable[bytes]) -> str:
    """Hash parts so that no two lists of them have the same hash."""
    found = sha256()
    for part in parts:
        found.update(f"{len(part)} ".encode())
        found.update(part)
    return found.hexdigest()
