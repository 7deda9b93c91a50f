"""Credentials in texts where they do not belong: found, and not shown."""

from __future__ import annotations

import re

from msgspec import Struct

#: The names of parameters for credentials in addresses.
_PARAMETERS = (
    r"(?:[a-z0-9]+[_-])*"
    r"(?:token|password|passwd|pwd|secret|api[_-]?key|apikey|access[_-]?key|auth|sig|signature)"
)
#: A login before the host, a parameter with a credential, and tokens with a known prefix.
_CREDENTIAL = re.compile(
    r"(?P<login>(?<=://)[^/?#\s@\"']+(?=@))"
    rf"|(?i:(?<=[?&#;]){_PARAMETERS})=(?P<parameter>[^&#;\s{{\"']+)"
    r"|\b(?P<token>gl(?:sa|c)_[A-Za-z0-9_=-]{20,}|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}"
    r"|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_.-]{10,})"
)
#: The values of the keys for secrets of alert receivers.
_UNDER_KEY = re.compile(
    r"(?<=\b)(?:routing_key|service_key|api_url|auth_password|password|credentials|token)[\"']?\s*:\s*"
    r"(?P<secret>[^\s,}][^,}#]*)"
)
_WHAT = {
    "login": (
        "a login before its host",
        "leave out the login and its @: whoever opens the address logs in there",
    ),
    "parameter": (
        "a credential as a parameter",
        "leave the parameter out: whoever opens the address logs in there",
    ),
    "token": (
        "the token of a service",
        "leave it out, and have it replaced where it is used: it is known to all who read this file",
    ),
}


class Credential(Struct, frozen=True):
    """A credential in a text: its kind, and the text without it."""

    noun: str
    help: str


def find_credential(text: str) -> Credential | None:
    """Return the first credential in a text."""
    credential = _found(text)
    return Credential(*_WHAT[str(credential.lastgroup)]) if credential else None


def masked(text: str) -> str:
    """Return a text of the same length with stars for credentials, and for values under keys of secrets."""
    if _found(text):
        text = _CREDENTIAL.sub(_stars, text)
    return _UNDER_KEY.sub(_stars, text) if ":" in text else text


def _found(text: str) -> re.Match[str] | None:
    # Almost no text has a credential: a few searches for plain characters are faster than one for the pattern.
    likely = "@" in text or "=" in text or "_" in text or "xox" in text or "AKIA" in text or "eyJ" in text
    return _CREDENTIAL.search(text) if likely else None


def _stars(match: re.Match[str]) -> str:
    group = str(match.lastgroup)
    start, end = (place - match.start() for place in match.span(group))
    whole = match.group()
    return whole[:start] + "*" * (end - start) + whole[end:]
