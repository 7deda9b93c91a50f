"""Bytes that wait in a file without a name, so that what a fleet is compiled to need not be in memory."""

from __future__ import annotations

import os
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from typing import Self


class Spooled(Struct, frozen=True):
    """Bytes in a spool, which must be open when they are read."""

    descriptor: int
    offset: int
    size: int


class Spool:
    """The file; it is there from the first bytes on, and gone with the end of the ``with`` or of the process."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def put(self, data: bytes) -> bytes | Spooled:
        """Let bytes wait; in memory, where the disk has no room or there is no place for such files."""
        try:
            if self._file is None:
                self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed at the end of the ``with``
            self._write(self._file.fileno(), data)
        except OSError:
            return data
        self._end += len(data)
        return Spooled(self._file.fileno(), self._end - len(data), len(data))

    def _write(self, descriptor: int, data: bytes) -> None:
        rest, place = memoryview(data), self._end
        while rest:
            written = os.pwrite(descriptor, rest, place)
            rest, place = rest[written:], place + written


def read(data: bytes | Spooled) -> bytes:
    """Give the bytes, wherever they wait."""
    return data if isinstance(data, bytes) else os.pread(data.descriptor, data.size, data.offset)
