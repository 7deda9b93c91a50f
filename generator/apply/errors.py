"""What stops an application: a message for the user, and a way on. Neither ever holds a credential."""

from __future__ import annotations


class ApplyError(Exception):
    """A server refuses, fails or has something else; ``help`` says how to go on, or is empty."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message, help_)
        self.message = message
        self.help = help_

    def __str__(self) -> str:
        return self.message


class UncertainError(ApplyError):
    """A request that failed, but may have been carried out: the server knows."""
