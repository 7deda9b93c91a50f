"""The words of messages: texts from a spec made safe to show, near names, lists and counts.

A text that is safe to show has no credentials, nothing invisible, and nothing that moves the cursor or turns it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

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
#: Addresses of chats: whoever knows one may write there.
_SECRET_ADDRESS = re.compile(
    r"https://(?:hooks\.slack(?:-gov)?\.com/services|discord(?:app)?\.com/api/webhooks"
    r"|[a-z0-9.-]+\.webhook\.office\.com|[a-z0-9.-]+\.logic\.azure\.com|hooks\.zapier\.com/hooks)"
    r"/(?P<path>[^\s,}\"']+)",
    re.IGNORECASE,
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
# Cc, Cf: control and invisible characters, including bidi marks; Cn, Co, Cs: no characters at all; Zl, Zp: line breaks
# in some programs; Zs: spaces that look like the plain one.
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_BYTE = range(0xDC80, 0xDD00)
_BMP_END = 0x10000
_LATIN_END = 0x100
MAX_QUOTED = 60
# difflib is quadratic in the length of a name, and a longer one is no typing mistake.
_MAX_LENGTH = 64
_CUTOFF = 0.6
MAX_LISTED = 12


class Credential(Struct, frozen=True):
    """A credential in a text: its kind, and the text without it."""

    noun: str
    help: str


def find_credential(text: str) -> Credential | None:
    """Return the first credential in a text."""
    credential = _found(text)
    return Credential(*_WHAT[str(credential.lastgroup)]) if credential else None


def is_secret_address(text: str) -> bool:
    """Whether a text is the address of a chat, by which anybody may write there."""
    return _SECRET_ADDRESS.match(text) is not None


def masked(text: str) -> str:
    """Return a text of the same length with stars for credentials, and for values under keys of secrets."""
    if _found(text):
        text = _CREDENTIAL.sub(_stars, text)
    if "https://" in text.lower():
        text = _SECRET_ADDRESS.sub(_stars, text)
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


def printable(text: str) -> str:
    r"""The text with each invisible character written as ``\n``, ``\x07`` or ``\u202e``."""
    # Python's own definition is the same.
    return text if text.isprintable() else "".join(map(visible, text))


def quoted(text: str, limit: int = MAX_QUOTED) -> str:
    """The text in double quotes for a message, cut when it is long."""
    return f'"{shortened(masked(text), limit)}"'


def in_quotes(text: str) -> str:
    """The text as a quoted YAML scalar, for advice: cut when it is long."""
    part = shortened(masked(text))
    if '"' in part or "\\" in part:
        return "'" + part.replace("'", "''") + "'"
    return f'"{part}"'


def shortened(text: str, limit: int = MAX_QUOTED) -> str:
    """The text, cut when it is long."""
    return text if len(text) <= limit else text[:limit] + "..."


def visible(character: str) -> str:
    """One character as it is, or its escape when it is invisible."""
    if character == " " or unicodedata.category(character) not in _HIDDEN:
        return character
    if character in "\n\r\t":
        return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}[character]
    return _escape(ord(character))


def cells(text: str) -> int:
    """The columns of a terminal that the text takes: wide characters take two, combining ones none."""
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def _escape(point: int) -> str:
    if point in _BYTE:  # a byte that was not UTF-8, as surrogateescape keeps it
        return rf"\x{point - 0xDC00:02x}"
    if point < _LATIN_END:
        return rf"\x{point:02x}"
    return rf"\u{point:04x}" if point < _BMP_END else rf"\U{point:08x}"


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that resembles ``name`` most, in any case, or ``None``; never ``name`` itself."""
    if len(name) > _MAX_LENGTH:
        return None
    folded = {candidate.casefold(): candidate for candidate in known if candidate != name}
    words = _words(name.casefold())
    turned = next((one for one in folded if len(words) > 1 and _words(one) == words), None)
    if turned is not None:
        return folded[turned]
    matches = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=_CUTOFF)
    return folded[matches[0]] if matches else None


def _words(name: str) -> list[str]:
    """Sort the words of a name, which people write in another order: ``p95_latency``."""
    return sorted(re.split(r"[-_. ]", name))


def did_you_mean(name: str, known: Iterable[str], listing: str = "known", most: int = MAX_LISTED) -> str:
    """``did you mean "x"?``, else ``<listing>: a, b, c``, else empty.

    Of several names that begin with it, such as a service in its environments, none is likelier than the others.
    """
    candidates = tuple(dict.fromkeys(known))
    family = [one for one in candidates if one.startswith(f"{name}-")]
    if len(family) > 1:
        return f"did you mean one of these? {listed(family)}"
    match = closest(name, candidates)
    if match is not None:
        return f"did you mean {quoted(match)}?"
    return f"{listing}: {listed(nearest_first(name, candidates), most)}" if candidates else ""


def together(*parts: str) -> str:
    """Join the parts of a help, and leave out the empty ones."""
    return "; ".join(filter(None, parts))


def nearest_first(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names, with those that resemble ``name`` first where a list of them would be cut."""
    every = tuple(known)
    if len(every) <= MAX_LISTED or len(name) > _MAX_LENGTH:
        return every
    matcher = difflib.SequenceMatcher(b=name.casefold())

    def likeness(candidate: str) -> float:
        matcher.set_seq1(candidate[:_MAX_LENGTH].casefold())
        return matcher.ratio()

    return tuple(sorted(every, key=likeness, reverse=True))


def listed(names: Iterable[str], most: int = MAX_LISTED) -> str:
    """The names with commas between; a long list is cut and its rest counted."""
    every = tuple(names)
    rest = len(every) - most
    return ", ".join(every[:most]) + (f" and {rest} more" if rest > 0 else "")


def system_reason(problem: Exception) -> str:
    """The operating system's message of an error, in lower case; the error's own text where it has none."""
    return (getattr(problem, "strerror", None) or str(problem)).lower()


def counted(count: int, noun: str) -> str:
    """The number of things: ``1 file``, ``2 files``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
