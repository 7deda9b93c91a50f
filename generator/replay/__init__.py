"""The past behaviour of the compiled alerts over a span of history, from any Prometheus-compatible API."""

from generator.errors import CommandError


class ReplayError(CommandError):
    """A file of another call, or none of ours; the message is for the user, ``help`` a way out."""
