"""What stops a replay, besides a server that fails."""

from __future__ import annotations


class ReplayError(Exception):
    """A file that belongs to something else, or is none of ours; the message is for the user, ``help`` a way on."""

    def __init__(self, message: str, help_: str) -> None:
        super().__init__(message, help_)
        self.message = message
        self.help = help_

    def __str__(self) -> str:
        return self.message
