"""What stops a replay, besides a server that fails."""

from __future__ import annotations

from generator.errors import CommandError


class ReplayError(CommandError):
    """A file that belongs to something else, or is none of ours; the message is for the user, ``help`` a way on."""
