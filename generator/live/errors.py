"""The errors of this package."""

from __future__ import annotations


class LiveError(Exception):
    """A running Prometheus cannot be reached, refuses, or cannot be started.

    The message is one for the user: whole, brief, without a traceback's words.
    """


class UnreachedError(LiveError):
    """No connection was made, so the server was sent nothing."""
