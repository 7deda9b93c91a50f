"""The answers that a replay already has, kept in a file, so that a stopped replay can continue.

The file is an SQLite database: each part is stored whole or not at all, whenever the process ends.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from zlib import compress, decompress
from zlib import error as zlib_error

from msgspec import Struct

from generator.replay.errors import ReplayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Marks a database as ours: "amrp" (agent-metrics replay) in the header of the file.
_APPLICATION = 0x616D7270
_OTHER = "name another file, or remove it"
_PLACE = "see that its directory exists, takes files and has room, or name another file"
_TABLE = "CREATE TABLE IF NOT EXISTS part (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"


class AnswerStore(Protocol):
    """Texts by key."""

    def get(self, key: str) -> str | None:
        """Return the text under ``key``; None without one."""

    def put(self, key: str, text: str) -> None:
        """Keep ``text`` under ``key``."""


class NoAnswers(Struct, frozen=True):
    """Keeps no answers."""

    def get(self, key: str) -> str | None:
        """Return None."""

    def put(self, key: str, text: str) -> None:
        """Do nothing."""


class AnswerFile(Struct, frozen=True):
    """Parts in an SQLite file."""

    path: Path
    connection: sqlite3.Connection

    def get(self, key: str) -> str | None:
        """Return the text under ``key``; None without one.

        Raises:
            ReplayError: the file is damaged.
        """
        with _readable_errors(self.path):
            row = self.connection.execute("SELECT body FROM part WHERE key = ?", (key,)).fetchone()
            return decompress(row[0]).decode() if row else None

    def put(self, key: str, text: str) -> None:
        """Keep ``text``: once this returns, it survives the end of the process.

        Raises:
            ReplayError: the disk is full, or fails.
        """
        with _readable_errors(self.path), self.connection:
            row = (key, compress(text.encode(), 3))
            self.connection.execute("INSERT OR REPLACE INTO part VALUES (?, ?)", row)


@contextmanager
def answer_file(path: Path, fingerprint: str) -> Iterator[AnswerFile]:
    """Open the file of the replay that ``fingerprint`` identifies, or begin it.

    Raises:
        ReplayError: it is another replay's file or not ours, or cannot be written.
    """
    with _readable_errors(path):
        connection = sqlite3.connect(path)
    try:
        with _readable_errors(path):
            _claim(connection, path)
        parts = AnswerFile(path, connection)
        _match(parts, fingerprint)
        yield parts
    finally:
        connection.close()


def _claim(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != _APPLICATION and tables:
        message = f"{path} is no file of a replay"
        raise ReplayError(message, _OTHER)
    with connection:
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")
        connection.execute(_TABLE)


def _match(parts: AnswerFile, fingerprint: str) -> None:
    known = parts.get("fingerprint")
    if known is None:
        parts.put("fingerprint", fingerprint)
    elif known != fingerprint:
        message = (
            f"{parts.path} belongs to another replay: other specs, another span, server or other options"
        )
        raise ReplayError(message, _OTHER)


@contextmanager
def _readable_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        foreign = "not a database" in str(error)
        reason = "is no file of a replay" if foreign else f"cannot be used: {error}"
        raise ReplayError(f"{path} {reason}", _OTHER if foreign else _PLACE) from error
    except (zlib_error, TypeError) as error:
        raise ReplayError(f"{path} is damaged", "remove it and begin again") from error
