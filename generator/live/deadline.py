"""Work with a time limit on everything: name look-up, handshake, headers or a body that arrive slowly."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Thread, local
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: In the thread of an exchange: the connections that it uses.
_THREAD = local()


class _Exchange(Generic[T]):
    """Work in a thread of its own, and its connections: closing them ends it.

    The timeouts of a socket are not enough: they begin again with each byte, and name look-ups have none.
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._used: list[HTTPConnection] = []
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        self._ended = Event()

    def result(self, seconds: float) -> T:
        Thread(target=self._run, daemon=True).start()
        try:
            if not self._ended.wait(seconds):
                raise TimeoutError
        finally:
            if not self._ended.is_set():
                self._hang_up()
        if self._errors:
            raise self._errors[0]
        return self._results[0]

    def _run(self) -> None:
        _THREAD.used = self._used
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            self._errors.append(error)
        finally:
            self._ended.set()

    def _hang_up(self) -> None:
        for connection in list(self._used):
            # Reading ends at once; the thread then closes the connection itself.
            with suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return the result of ``work``, which sends requests only by a ``watched_pool``.

    Raises:
        TimeoutError: it takes longer; its connections are closed.
    """
    return _Exchange(work).result(seconds)


class _Plain(HTTPConnection):
    """A connection that registers with its exchange."""

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        _THREAD.used.append(self)
        super().request(*args, **options)


class _Encrypted(HTTPSConnection):
    """A connection that registers with its exchange."""

    def request(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        _THREAD.used.append(self)
        super().request(*args, **options)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


def watched_pool(**options: Any) -> PoolManager:  # noqa: ANN401 - passed on
    """Make a pool of connections for ``within``; ``options`` are PoolManager's."""
    pool = PoolManager(**options)
    pool.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
    return pool
