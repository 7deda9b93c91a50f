"""Errors that stop a replay, besides a failing server."""

from __future__ import annotations

from generator.errors import CommandError


class ReplayError(CommandError):
    """A file of another call, or none of ours; the message is for the user, ``help`` a way out."""
