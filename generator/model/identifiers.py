"""Names of labels with unbounded values: ids, people, free text, times, in every spelling."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")
_INVISIBLE = "Cf"
#: The phrase for an id; the thing that it identifies is appended.
SINGLE = "identifies single "
_TEXT = "holds free text"
_SECRETS = "holds secrets"
_MOMENTS = "is another one at every moment"
_ADDRESSES = "holds addresses"
#: Ids of the article's own segments: each has as many values as the segment itself, whoever names it.
_BOUNDED = frozenset({"modelid", "releaseid", "toolid", "versionid", "buildid"})
#: Taken off the end: a hash or a copy of an id has as many values as the id.
_DECORATION = frozenset(
    {"hash", "hashed", "sha256", "md5", "raw", "value", "text", "string", "str", "encoded"}
)
_FRONT = """
access account agent ai api booking bot call case chat client cluster completion container conversation correlation
customer device dialog document end error event exception execution file flow full gen generation hashed host http
input instance interaction invocation invoice item job log message node object order org organisation organization
output parent payment plan pod process product project prompt query raw record request resource response run sample
search session span step submission subscription system task team tenant thread ticket tool trace transaction turn
user visitor worker workflow
"""
#: Prefixes to take off a name that is written as one word, the longest first.
_FRONT_WORDS = tuple(sorted(_FRONT.split(), key=lambda word: (-len(word), word)))


def _kinds(rows: Mapping[str, str]) -> dict[str, str]:
    """Map each word to its kind."""
    return {word: meaning for meaning, words in rows.items() for word in words.split()}


#: The last word of a name, whatever precedes it.
_ENDINGS = _kinds(
    {
        SINGLE: "id ids uuid guid uid nonce",
        f"{SINGLE}users": "email mail phone user username login nickname",
        _TEXT: "arg args argument arguments body content input instruction instructions kwargs message messages output "
        "msg param parameters params payload prompt prompts query question stacktrace traceback transcript",
        _SECRETS: "token apikey password secret cookie",
        _MOMENTS: "timestamp datetime",
        _ADDRESSES: "url uri ip href",
    }
)
#: Only the whole name, since with another word it is something bounded (server_address, session_kind).
_WHOLE = _kinds(
    {
        f"{SINGLE}runs": "run",
        f"{SINGLE}requests": "request rid",
        f"{SINGLE}sessions": "session sid",
        f"{SINGLE}traces": "trace span traceparent tracestate baggage",
        f"{SINGLE}conversations": "conversation",
        f"{SINGLE}tickets": "ticket",
        f"{SINGLE}customers": "customer cid",
        f"{SINGLE}users": "emailaddress enduser fullname firstname lastname phonenumber",
        f"{SINGLE}clients": "useragent",
        f"{SINGLE}files": "filename filepath",
        f"{SINGLE}processes": "pid tid",
        f"{SINGLE}things": "idempotencykey hash fingerprint checksum",
        _TEXT: "answer completion text comment stack sql",
        _MOMENTS: "date time ts epoch now createdat updatedat startedat finishedat",
        _ADDRESSES: "address ipaddress clientaddress hostaddress",
    }
)


@lru_cache(maxsize=4096)
def unbounded(name: str) -> str | None:
    """Describe the values of a label of this name (``identifies single runs``); None when they look bounded."""
    words = _words(name)
    while len(words) > 1 and (words[-1] in _DECORATION or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    words[-1] = words[-1].rstrip("0123456789") or words[-1]
    joined = "".join(words)
    if joined in _BOUNDED or "".join(words[-2:]) in _BOUNDED:
        return None
    return _WHOLE.get(joined) or _by_ending(words) or _by_ending(_apart(joined))


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", name)
    visible = "".join(char for char in plain if unicodedata.category(char) != _INVISIBLE)
    return _SEPARATORS.sub(" ", _CAPITALS.sub(" ", visible)).casefold().split()


def _by_ending(words: list[str]) -> str | None:
    """Judge by the last word; an id identifies the thing named before it."""
    meaning = _ENDINGS.get(words[-1]) if words else None
    if meaning != SINGLE:
        return meaning
    return SINGLE + (_plural(words[-2]) if len(words) > 1 else "things")


def _plural(word: str) -> str:
    if word.endswith("y"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"


def _apart(joined: str) -> list[str]:
    """Split a name written as one word by taking known words off its front; empty when the rest is no known ending."""
    words: list[str] = []
    rest = joined
    while rest not in _ENDINGS:
        front = next((word for word in _FRONT_WORDS if rest.startswith(word)), None)
        if front is None:
            return []
        words.append(front)
        rest = rest.removeprefix(front)
    return [*words, rest]
