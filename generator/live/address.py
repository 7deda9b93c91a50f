"""Addresses of servers, as given on the command line, where everybody can read them."""

from __future__ import annotations

import re

from generator.live.errors import LiveError

_HTTP = re.compile(r"https?://[^/\s]+[^\s]*", re.IGNORECASE)


def check_address(url: str, server: str) -> str:
    """Return ``url`` without a slash at its end; ``server`` is as in ``credentials``: ``GRAFANA``, ``RULER``.

    Raises:
        LiveError: it contains credentials, or is not an http or https address. The message does not repeat it.
    """
    if "@" in url:
        raise LiveError(
            f"the address of {server.title()} holds a user name or a password, which process lists, shell histories"
            " and logs would show",
            f"give it without, and set AGENT_METRICS_{server}_TOKEN, or AGENT_METRICS_{server}_USER and"
            f" AGENT_METRICS_{server}_PASSWORD, in the environment",
        )
    if not _HTTP.fullmatch(url) or "?" in url or "#" in url:
        raise LiveError(
            f"the address of {server.title()} is not one of a server",
            "give it as in https://example.com/path",
        )
    return url.rstrip("/")
