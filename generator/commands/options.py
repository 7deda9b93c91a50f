"""Arguments that several commands have."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path

#: How a command gets the credentials of a server, for --help.
CREDENTIALS = (
    "Credentials are read from the environment: AGENT_METRICS_PROMETHEUS_TOKEN, or ..._USER and ..._PASSWORD"
)
OF_EXPOSITIONS = "; for the URL of an exposition AGENT_METRICS_EXPOSITION_TOKEN and so on"
_PORT = re.compile(r"[0-9]{1,5}")
_LAST_PORT = 65535
_ANSWERED = "the longest time to wait for an answer of a server"
_SECONDS = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,3})?")
_LONGEST_WAIT = 86_400


def path(text: str) -> Path:
    """Read a path; an empty one is an unset variable, and would mean the working directory.

    Raises:
        ArgumentTypeError: it is blank.
    """
    if not text.strip():
        raise ArgumentTypeError("the path is empty")
    return Path(text)


def output_directory(text: str) -> Path:
    """Read a directory to write in, which must have a name: ``..`` has other contents.

    Raises:
        ArgumentTypeError: it is blank, or ends with ``..``.
    """
    if path(text).name == "..":
        raise ArgumentTypeError(f"{text} is not a directory of its own; name one, as in: -o output")
    return Path(text)


def port(text: str) -> int:
    """Read the port of a server; 0 is any that is free.

    Raises:
        ArgumentTypeError: there is no such port.
    """
    if not _PORT.fullmatch(text) or int(text) > _LAST_PORT:
        raise ArgumentTypeError(
            f'"{text}" is no port: give a whole number from 1 to {_LAST_PORT}, as in --port 9090'
        )
    return int(text)


def waiting_time(text: str) -> float:
    """Read a time to wait, such as ``90s``; a plain number is seconds.

    Raises:
        ArgumentTypeError: it is no time from 0 to a day.
    """
    from generator.model.units import parse_duration  # noqa: PLC0415 - most calls wait for nothing

    seconds = float(text) if _SECONDS.fullmatch(text) else parse_duration(text)
    if seconds is None or seconds > _LONGEST_WAIT:
        raise ArgumentTypeError(f'"{text}" is no time to wait: give one from 0s to a day, as in --wait 90s')
    return seconds


def add_specs(parser: ArgumentParser) -> None:
    """Add the argument for the directory of specs."""
    parser.add_argument(
        "specs",
        nargs="?",
        type=path,
        default=Path("specs"),
        metavar="SPECS",
        help="the directory that holds services/; default: specs",
    )


def add_output(parser: ArgumentParser) -> None:
    """Add the option for the output directory."""
    parser.add_argument(
        "-o",
        "--output",
        type=output_directory,
        default=Path("output"),
        metavar="DIR",
        help="the directory of generated files; default: output",
    )


def add_span(parser: ArgumentParser) -> None:
    """Add the options for a span of time, which ``generator.commands.values`` reads."""
    parser.add_argument(
        "--last", metavar="DURATION", help="the length of the span, which ends at --to or now, such as 6h"
    )
    parser.add_argument(
        "--from", dest="from_", metavar="TIME", help="the start of the span, such as 2026-03-21T09:00Z"
    )
    parser.add_argument("--to", metavar="TIME", help="the end of the span; default: now")


def add_format(parser: ArgumentParser, *formats: str) -> None:
    """Add the option for the format of the answer, by default text."""
    parser.add_argument("--format", choices=formats, default="text", help="default: text")


def add_timeout(parser: ArgumentParser, default: str, purpose: str = _ANSWERED) -> None:
    """Add the option for the time after which a request to a server is given up."""
    parser.add_argument(
        "--timeout", default=default, metavar="DURATION", help=f"{purpose}; default: {default}"
    )
