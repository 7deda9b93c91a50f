"""The base of the errors that end a command."""

from __future__ import annotations


class CommandError(Exception):
    """An error with a message for the user; ``help`` is a way out, or empty; ``lines`` list what it is about."""

    def __init__(self, message: str, help_: str = "", lines: tuple[str, ...] = ()) -> None:
        super().__init__(message, help_, lines)
        self.message = message
        self.help = help_
        self.lines = lines

    def __str__(self) -> str:
        return "\n  ".join((self.message, *self.lines))
