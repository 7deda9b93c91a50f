"""Many requests, a few at a time, each sent once: kept answers are not requested again.

Answers are kept in a file, so that a stopped replay can continue. It is an SQLite database: each part is stored whole
or not at all, whenever the process ends.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING
from zlib import compress, decompress
from zlib import error as zlib_error

from msgspec import Struct

from generator.replay import ReplayError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from generator.live.api import PrometheusApi
    from generator.live.evaluate import Progress

# Marks a database as ours: "amrp" (agent-metrics replay) in the header of the file.
_APPLICATION = 0x616D7270
_OTHER = "name another file, or remove it"
_PLACE = "see that its directory exists, takes files and has room, or name another file"
_TABLE = "CREATE TABLE IF NOT EXISTS part (key TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID"


class Job(Struct, frozen=True):
    """One request; ``work`` returns the text to keep under ``key``. ``title`` is for the progress line."""

    key: str
    title: str
    work: Callable[[PrometheusApi], str]


class WorkerPool(Struct, frozen=True):
    """Connections to one server, as many as requests at once, and the file of its kept answers, if there is one."""

    apis: Sequence[PrometheusApi]
    progress: Progress
    parts: AnswerFile | None = None

    def answers(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, str]]:
        """Return the answers in the order of ``jobs``; few of them are in memory at any time.

        Raises:
            LiveError: a request failed. The answers before it are kept.
        """
        with ThreadPoolExecutor(len(self.apis)) as pool:
            for done, (job, text) in enumerate(self._in_order(pool, jobs), start=1):
                self.progress(job.title, done, len(jobs))
                yield job, text

    def _in_order(self, pool: ThreadPoolExecutor, jobs: Iterable[Job]) -> Iterator[tuple[Job, str]]:
        idle: SimpleQueue[PrometheusApi] = SimpleQueue()
        for api in self.apis:
            idle.put(api)
        waiting: deque[tuple[Job, str | Future[str]]] = deque()
        try:
            for job in jobs:
                kept = self.parts.get(job.key) if self.parts else None
                waiting.append((job, kept or pool.submit(_do, job, idle)))
                if len(waiting) > 2 * len(self.apis):
                    yield self._settled(*waiting.popleft())
            while waiting:
                yield self._settled(*waiting.popleft())
        finally:
            for _, one in waiting:
                if isinstance(one, Future):
                    one.cancel()

    def _settled(self, job: Job, answer: str | Future[str]) -> tuple[Job, str]:
        if isinstance(answer, str):
            return job, answer
        text = answer.result()
        if self.parts:
            self.parts.put(job.key, text)
        return job, text


def _do(job: Job, idle: SimpleQueue[PrometheusApi]) -> str:
    api = idle.get()
    try:
        return job.work(api)
    finally:
        idle.put(api)


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
