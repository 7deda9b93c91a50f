"""The errors of everything that talks to a server: a message for the user, and a way on. No credential is in either."""

from __future__ import annotations

from typing import Self

from generator.errors import CommandError


class LiveError(CommandError):
    """A server cannot be reached, refuses, fails, or cannot be started; ``help`` is a way on, or empty.

    The message is one for the user: whole, brief, without a traceback's words.
    """

    def about(self, subject: str) -> Self:
        """Return the same error with its subject before the message, such as ``alert X``."""
        return type(self)(f"{subject}: {self.message}", self.help)

    def adding(self, *helps: str) -> Self:
        """Return the same error with more help; empty texts are left out."""
        return type(self)(self.message, "; ".join(filter(None, [self.help, *helps])))


class UncertainError(LiveError):
    """A request that failed, but may have been carried out: the server knows."""


class UnreachedError(LiveError):
    """No connection was made, so the server was sent nothing."""


class TimedOutError(UncertainError):
    """There was no whole answer in time; a part of a query may have one."""


class TooLargeError(UncertainError):
    """The answer is larger than anything that is read; a part of a query may have a smaller one."""


class RefusedError(LiveError):
    """A server cannot evaluate one query; it may be able to evaluate a part of it."""


class NotFoundError(LiveError):
    """The server has no such path: not every server with Prometheus's API has all of it."""
