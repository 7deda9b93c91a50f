"""The words by which ``identifiers`` recognises a label with unbounded values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The phrase for an id; the thing that it identifies is appended.
SINGLE = "identifies single "

_TEXT = "holds free text"
_SECRETS = "holds secrets"
_MOMENTS = "is another one at every moment"
_ADDRESSES = "holds addresses"


def _kinds(rows: Mapping[str, str]) -> dict[str, str]:
    """Map each word to its kind."""
    return {word: said for said, words in rows.items() for word in words.split()}


#: The last word of a name, whatever precedes it.
ENDINGS = _kinds(
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
WHOLE = _kinds(
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

#: Ids of the article's own segments: each has as many values as the segment itself.
BOUNDED = frozenset({"modelid", "releaseid", "toolid", "versionid", "buildid"})

#: Taken off the end: a hash or a copy of an id has as many values as the id.
DECORATION = frozenset(
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
FRONT = tuple(sorted(_FRONT.split(), key=lambda word: (-len(word), word)))
