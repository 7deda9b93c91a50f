"""What is wrong with a call, in words for the user."""

from __future__ import annotations


class CallError(Exception):
    """A call that cannot be done; ``help`` says how it would."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_
