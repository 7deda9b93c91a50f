"""What is wrong with an address: its beginning, or a character that must be percent-encoded."""

from __future__ import annotations

import re
from urllib.parse import quote

#: What a schema says under ``x-form`` of a text that is an address.
ADDRESS = "address"

_START = re.compile(r"https?://")
#: What may hold brackets or braces: a host of numbers, and what is filled in.
_AS_IT_IS = re.compile(r"(?<=://)\[[0-9A-Fa-f:.]+\]|\{(service|release)\}")
_NEVER = re.compile(r"[^!#%&()*+,./0-9:;=?@A-Z^_a-z|~-]")
_SHOWN = 3


def address_help(text: str, schema_help: str) -> str:
    """Say what to mend, where the text shows it; else what the schema says."""
    if not _START.match(text):
        return "write a whole address that begins with http:// or https://"
    found = list(dict.fromkeys(_NEVER.findall(_AS_IT_IS.sub("", text))))
    if not found or any(each in "{}" or not each.isprintable() for each in found):
        return schema_help
    encoded = ", ".join(f"{_name(each)} is {quote(each, safe='')}" for each in found[:_SHOWN])
    return f"percent-encode what an address may not hold: {encoded}"


def _name(character: str) -> str:
    return "a space" if character == " " else character
