"""Values of a call's arguments: spans of time, durations, servers with their credentials from the environment."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.commands.call import CallError
from generator.live.credentials import Credentials, credentials
from generator.live.errors import LiveError
from generator.model.units import parse_duration
from generator.notation.times import is_day

if TYPE_CHECKING:
    import argparse

    from generator.live.api import PrometheusApi

#: The format that ``instant`` reads, for --help.
_INSTANT = "2026-03-21T09:00Z, Unix seconds, or now"
_UNIX = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,3})?")
#: A host with a port or a path, which lacks only the beginning of an address.
_NO_SCHEME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[^\s?#]*)?")
#: The servers that have a name.
_PROPER = ("GRAFANA", "PROMETHEUS")
_HTTP = re.compile(r"https?://[^/\s]+[^\s]*", re.IGNORECASE)


class TimeSpan(Struct, frozen=True):
    """From ``start`` to ``end``, whole Unix seconds."""

    start: int
    end: int


def span(arguments: argparse.Namespace) -> TimeSpan:
    """Read ``from_``, ``to`` and ``last`` (texts or None) of a call; the default end is now.

    Raises:
        CallError: no span, two of them, or one that ends before it starts.
    """
    now = time.time()
    if (arguments.last is None) == (arguments.from_ is None):
        message = "give either --last or --from"
        raise CallError(message, "--last 6h, or: --from 2026-03-21T00:00Z --to 2026-03-22T00:00Z")
    end = int(now if arguments.to is None else instant(arguments.to, now))
    start = int(end - length(arguments.last) if arguments.from_ is None else instant(arguments.from_, now))
    if start >= end:
        message = f"the span ends before it starts: {iso_time(start)} to {iso_time(end)}"
        passed = "give --from a time that has passed; one without a zone is in UTC"
        raise CallError(message, passed if arguments.to is None else "give --from an earlier time than --to")
    return TimeSpan(start, end)


def instant(text: str, now: float) -> float:
    """Read a time: ISO 8601 (UTC without an offset), Unix seconds, or ``now``.

    Raises:
        CallError: it is not a time.
    """
    if text == "now":
        return now
    seconds = float(text) if _UNIX.fullmatch(text) and not is_day(text) else _iso(text)
    if seconds is None or seconds < 0:
        raise CallError(f'"{text}" is no time', f"times are written {_INSTANT}")
    return seconds


def _iso(text: str) -> float | None:
    try:
        read = datetime.fromisoformat(text)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def length(text: str) -> float:
    """Read a duration, in seconds.

    Raises:
        CallError: it is not a duration.
    """
    seconds = parse_duration(text)
    if seconds is None or seconds < 1:
        message = f'"{text}" is no duration'
        raise CallError(message, "durations are from 1s to ten years, in whole numbers: 6h, 90m or 1d12h")
    return seconds


def iso_time(time_: float) -> str:
    """Write a time as ``instant`` reads it."""
    try:
        return datetime.fromtimestamp(time_, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{time_:.0f}"


def identified(url: str, server: str) -> tuple[Credentials, str]:
    """Return the credentials for ``server`` (``PROMETHEUS``, ``EXPOSITION``) and its checked address.

    Raises:
        LiveError: ``url`` is not a server's address, or contains credentials, or those of the environment are invalid.
    """
    return credentials(server, os.environ), check_address(url, server)


def prometheus(url: str, timeout: str) -> PrometheusApi:
    """Prepare requests to the Prometheus at ``url``; nothing is sent yet. ``timeout`` is the text of ``--timeout``.

    Raises:
        LiveError: ``url`` is not a server's address, or contains credentials.
        CallError: ``timeout`` is not a duration.
    """
    from generator.live.api import connect  # noqa: PLC0415 - urllib3 is an extra

    who, address = identified(url, "PROMETHEUS")
    return connect(address, timeout=length(timeout), credentials=who)


def check_address(url: str, server: str) -> str:
    """Return ``url`` without a slash at its end; ``server`` is as in ``credentials``: ``GRAFANA``, ``RULER``.

    Raises:
        LiveError: it contains credentials, or is not an http or https address. The message does not repeat it.
    """
    called = server.title() if server in _PROPER else f"the {server.lower()}"
    if "@" in url:
        raise LiveError(
            f"the address of {called} contains a user name or a password, which process lists, shell histories"
            " and logs would show",
            f"give it without, and set AGENT_METRICS_{server}_TOKEN, or AGENT_METRICS_{server}_USER and"
            f" AGENT_METRICS_{server}_PASSWORD, in the environment",
        )
    if not _HTTP.fullmatch(url) or "?" in url or "#" in url:
        raise LiveError(
            f"the address of {called} is not one of a server",
            "write http:// or https:// before it"
            if _NO_SCHEME.fullmatch(url)
            else "give it as in https://example.com/path",
        )
    return url.rstrip("/")
