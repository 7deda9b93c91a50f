"""The base of the errors that end a command."""

from __future__ import annotations


class CommandError(Exception):
    """An error with a message for the user; ``help`` is a way out, or empty."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message, help_)
        self.message = message
        self.help = help_

    def __str__(self) -> str:
        return self.message
