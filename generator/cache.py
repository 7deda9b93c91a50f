"""The memory of earlier compilations of a directory: a file in the user's own cache, with typed values and no code.

Damaged values, and those of another compiler, are ignored. Only the user can write there (see ``generator.private``);
another writer could at worst make a value wrong.
"""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar, get_origin

from msgspec import DecodeError, Struct, ValidationError, msgpack

from generator import private
from generator.artifact import Artifact, File
from generator.fingerprint import fingerprint
from generator.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


T = TypeVar("T")

#: Length in bytes of the SHA-256 of the rest.
_DIGEST = 32
#: The number of results that are kept though the last compilation did not use them, such as before an undone edit.
_UNUSED = 32
#: Level of compression: a result is a tenth as large for a millisecond.
_FAST = 1


class _Stored(Struct, frozen=True):
    """The results by the hash of their inputs, each as compressed MessagePack, and the compiler that made them."""

    compiler: str
    results: dict[str, bytes]


class Cache(Memory):
    """The results of earlier compilations: those that the last one used, and the newest others."""

    def __init__(self, directory: int | None, place: Path, *, lasting: bool = False) -> None:
        """Read the file, if it exists.

        Args:
            directory: The user's own, from ``private.opened``; without one nothing outlasts this process.
            place: The output directory; for a check, which has none, the directory of the specs.
            lasting: Whether this process compiles again and again, so that values stay decoded.
        """
        self._lasting = lasting
        self.directory, self._output, self._compiler = directory, place, fingerprint()
        name = os.path.realpath(place).encode("utf-8", "surrogateescape")
        self._name = f"{sha256(name).hexdigest()[:32]}.parts"
        self._results = self._read()
        self._used: dict[str, bytes] = {}
        self._values: dict[str, object] = {}

    def _read(self) -> dict[str, bytes]:
        data = (self.directory is not None and private.read(self.directory, self._name)) or b""
        body = data[_DIGEST:]
        try:
            if sha256(body).digest() == data[:_DIGEST]:
                stored = msgpack.decode(body, type=_Stored)
                return stored.results if stored.compiler == self._compiler else {}
        except (DecodeError, ValidationError):
            pass
        return {}

    def recall(self, kind: type[T], *inputs: bytes) -> T | None:
        """Find a result."""
        key = _key(*inputs)
        data = self._used.get(key) or self._results.get(key)
        value = self._values.get(key)
        if data is None:
            return None
        if not isinstance(value, get_origin(kind) or kind):
            try:
                value = msgpack.decode(zlib.decompress(data), type=kind)
            except (DecodeError, ValidationError, zlib.error):
                return None
        self._use(key, data, value)
        return value

    def retain(self, value: object, *inputs: bytes) -> None:
        """Keep a result for the next ``save``."""
        with suppress(OverflowError):  # a bound of more than 64 bits
            self.keep(value, msgpack.encode(value), *inputs)

    def keep(self, value: object, encoded: bytes, *inputs: bytes) -> None:
        """Keep a result of which the encoding is known."""
        self._use(_key(*inputs), zlib.compress(encoded, _FAST), value)

    def _use(self, key: str, data: bytes, value: object) -> None:
        self._used[key] = data
        if self._lasting:
            self._values[key] = value

    def holds(self, file: File) -> bool:
        """Whether the output directory has this file; where it cannot be read, it has none."""
        from generator.output.directory import digest  # noqa: PLC0415 - a check does not use it

        if isinstance(file, Artifact):
            return False
        try:
            return digest(self._output / file.path) == file.sha256
        except OSError:
            return False

    def save(self) -> None:
        """Write the results that were used or made since the last time, and a few others."""
        unused = [key for key in self._results if key not in self._used]
        kept = {key: self._results[key] for key in unused[-_UNUSED:]} | self._used
        if self.directory is not None and kept != self._results:
            body = msgpack.encode(_Stored(self._compiler, kept))
            private.write_file(self.directory, self._name, sha256(body).digest() + body)
        self._values = {key: value for key, value in self._values.items() if key in self._used}
        self._results, self._used = kept, {}


@contextmanager
def opened_cache(place: Path, *, wanted: bool = True, lasting: bool = False) -> Iterator[Cache | None]:
    """Open the cache of earlier compilations of a directory; None where no cache is possible."""
    directory = private.opened(make=True) if wanted else None
    try:
        yield Cache(directory, place, lasting=lasting) if directory is not None else None
    finally:
        if directory is not None:
            os.close(directory)


def _key(*inputs: bytes) -> str:
    """Hash inputs so that no two lists of them have the same hash."""
    digest = sha256()
    for part in inputs:
        digest.update(b"%d " % len(part))
        digest.update(part)
    return digest.hexdigest()
