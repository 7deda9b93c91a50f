"""What stops an audit: a message for the user, and a way on."""

from __future__ import annotations

from generator.live.errors import LiveError


class ExpositionError(LiveError):
    """An exposition that cannot be read; ``help`` says how to go on."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_
