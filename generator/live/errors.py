"""Errors in communication with a server: a message for the user, and a way out. Neither contains a credential."""

from __future__ import annotations

from typing import Self

from generator.errors import CommandError


class LiveError(CommandError):
    """A server cannot be reached, refuses, fails, or cannot be started; ``help`` is a way out, or empty.

    The message is for the user: complete, short, without words of a traceback.
    """

    def about(self, subject: str) -> Self:
        """Return the same error with its subject before the message, such as ``alert X``."""
        return type(self)(f"{subject}: {self.message}", self.help, self.lines)

    def adding(self, *helps: str) -> Self:
        """Return the same error with more help; empty texts are left out."""
        return type(self)(self.message, "; ".join(filter(None, [self.help, *helps])), self.lines)


class UncertainError(LiveError):
    """A request that failed, but may have been carried out: the server knows."""


class UnreachedError(LiveError):
    """No connection was made, so the server received nothing."""


class TimedOutError(UncertainError):
    """There was no complete answer in time; a part of the query may get one."""


class TooLargeError(UncertainError):
    """The answer is too large to be read; a part of the query may have a smaller one."""


class RefusedError(LiveError):
    """The server cannot evaluate the query; it may be able to evaluate a part of it."""


class NotFoundError(LiveError):
    """The server does not have the path: not every server with Prometheus's API has all of it."""
