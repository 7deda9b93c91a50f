"""What stops a replay, besides a server that fails."""

from __future__ import annotations


class ReplayError(Exception):
    """A file that belongs to something else, or is none of ours. The message is one for the user."""
