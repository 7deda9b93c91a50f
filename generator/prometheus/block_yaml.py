"""Plain values as block YAML: keys in their order, no line folded, text of several lines as a literal block.

The bytes are PyYAML's. It is called only for text that is neither plain nor a plain block, and for keys: its events
cost more than all the rest.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import yaml

Mapped = Mapping[str, "BlockValue"]
BlockValue = str | int | float | Sequence["str | Mapped"] | Mapped

_NEVER_FOLD = 100_000
_TEXT = "tag:yaml.org,2002:str"
_RESOLVER: Any = yaml.CSafeDumper(io.StringIO())  # its stub has no types
_MAPPING = yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
_END_MAPPING = yaml.MappingEndEvent()
_STEP = "  "
#: Some of the text that may be on a line without quotes, if it has no ``: ``, no `` #`` and no colon at its end.
_PLAIN = re.compile(r"[A-Za-z0-9_(/](?:[ -~]*[!-9;-~])?")
#: A line of ASCII only: quotes are enough for it.
_QUOTED = re.compile(r"[ -~]+")


def block_yaml(value: Mapped) -> str:
    """Write a mapping as a document.

    Raises:
        ValueError: a key is longer than 128 bytes, or than a line.
    """
    if not value:
        return "{}\n"
    lines: list[str] = []
    _add_mapping(value, "", "", lines)
    return "\n".join([*lines, ""])


def _add_mapping(mapping: Mapped, start: str, indent: str, lines: list[str]) -> None:
    """Add a mapping's lines; ``start`` precedes its first key, ``indent`` the others."""
    for key, member in mapping.items():
        head = f"{start}{_key(key)}:"
        if isinstance(member, str):
            lines.append(f"{head} {member if _is_plain(member) else _not_plain(member, indent)}")
        elif isinstance(member, (int, float)) or not member:
            lines.append(f"{head} {_leaf(member)}")
        elif isinstance(member, (dict, Mapping)):  # the plain ones first: that is faster
            lines.append(head)
            _add_mapping(member, indent + _STEP, indent + _STEP, lines)
        else:
            lines.append(head)
            _add_sequence(member, indent, lines)
        start = indent


def _add_sequence(sequence: Sequence[str | Mapped], indent: str, lines: list[str]) -> None:
    """Add a sequence's lines, at the indentation of the key that they belong to."""
    for member in sequence:
        if isinstance(member, str):
            lines.append(f"{indent}- {member if _is_plain(member) else _not_plain(member, indent)}")
        elif not member:
            lines.append(f"{indent}- {_leaf(member)}")
        else:
            _add_mapping(member, f"{indent}- ", indent + _STEP, lines)


def _leaf(value: BlockValue) -> str:
    """Write a number, true or false, or an empty value."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{Decimal(str(value)):f}"  # YAML reads 1e-06 as text
    return "{}" if isinstance(value, Mapping) else "[]"


@lru_cache(maxsize=4096)
def _is_plain(text: str) -> bool:
    """Whether text certainly needs no quotes, and YAML reads it as text."""
    return (
        _PLAIN.fullmatch(text) is not None
        and ": " not in text
        and " #" not in text
        and _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT
    )


def _not_plain(text: str, indent: str) -> str:
    """Write text as a part of the node at an indentation."""
    if ": " in text and _QUOTED.fullmatch(text):
        quoted = text.replace("'", "''")
        return f"'{quoted}'"
    if not _is_literal(text):
        return _by_pyyaml(text, indent)
    # A first line that begins with a space does not show the indentation of the block.
    head = "|2-" if text.startswith(" ") else "|-"
    return f"{head}\n{text}".replace("\n", f"\n{indent}{_STEP}")


def _is_literal(text: str) -> bool:
    """Whether text may certainly be a literal block as it is: lines that are not empty and do not end with a space."""
    lines = text.split("\n")
    return len(lines) > 1 and all(_QUOTED.fullmatch(line) and not line.endswith(" ") for line in lines)


@lru_cache(maxsize=4096)
def _by_pyyaml(text: str, indent: str) -> str:
    """Write text by PyYAML at an indentation, inside mappings of that depth."""
    depth = 1 + len(indent) // len(_STEP)
    written = _emit([*[_MAPPING, _event("k")] * depth, _event(text), *[_END_MAPPING] * depth])
    return written.partition("k: ")[2].removesuffix("\n")


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    written = _emit([_MAPPING, _event(text), _event(""), _END_MAPPING])
    if written.startswith("? "):
        message = f"too long for a key: {text!r}"
        raise ValueError(message)
    return written.removesuffix(": ''\n")


def _event(text: str) -> yaml.ScalarEvent:
    is_plain = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _TEXT
    # PyYAML ends a block with these where a line must end.
    is_block = "\n" in text and not text.endswith(("\u2028", "\u2029"))
    return yaml.ScalarEvent(None, None, (is_plain, True), text, style="|" if is_block else None)


def _emit(events: list[yaml.Event]) -> str:
    """Write a document by PyYAML, without the end mark that follows text with empty lines at its end."""
    start = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    end = [yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent()]
    written: str = yaml.emit(
        [*start, *events, *end], Dumper=yaml.CSafeDumper, allow_unicode=True, width=_NEVER_FOLD
    )
    return re.sub(r"\n\.\.\.\n\Z", "\n", written)
