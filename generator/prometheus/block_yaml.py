"""Plain values as block YAML, byte for byte as PyYAML writes them, in a fraction of its time.

A file of rules is the same few kinds of text many times over. PyYAML itself writes those that need quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    Mapped = Mapping[str, "Value"]
    Value = str | int | Sequence["str | Mapped"] | Mapped

_NEVER_FOLD = 100_000
#: Begins with no indicator of YAML's, and all of it is printable ASCII.
_PRINTABLE = re.compile(r"[A-Za-z0-9_./(][ -~]*")
#: What would end a plain text before its end.
_ENDING = re.compile(r": | #|[: ]\Z|\A\.\.\.")
#: Several lines that a literal block keeps as they are, the last without an end.
_LINES = re.compile(r"(?!\n)[ -~\n]*[!-~]")
#: By a text's first character: what is no text although it looks plain, as numbers, times, yes and no.
_NO_TEXT = yaml.CSafeDumper.yaml_implicit_resolvers


class _Dumper(yaml.CSafeDumper):
    """Writes text of several lines as a literal block."""


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def block_yaml(value: Mapped) -> str:
    """Write a mapping that is not empty as a document, its keys, each of one line, in their order."""
    parts: list[str] = []
    _mapping(value, "", "", parts)
    return "".join(parts)


def _mapping(value: Mapped, lead: str, indent: str, parts: list[str]) -> None:
    """Write a mapping: ``lead`` stands before its first key, ``indent`` before the others."""
    for key, one in value.items():
        parts += (lead, _scalar(key), ":")
        _nested(one, indent, parts)
        lead = indent


def _nested(value: Value, indent: str, parts: list[str]) -> None:
    """Write what follows the colon of a key that stands at ``indent``."""
    if isinstance(value, str):
        parts += (" ", _at(indent, _scalar(value)), "\n")
    elif isinstance(value, int):
        parts.append(f" {value}\n")
    elif isinstance(value, Mapping):
        parts.append("\n" if value else " {}\n")
        _mapping(value, f"{indent}  ", f"{indent}  ", parts)
    else:
        parts.append("\n" if value else " []\n")
        _sequence(value, indent, parts)


def _sequence(value: Sequence[str | Mapped], indent: str, parts: list[str]) -> None:
    """Write a list, whose dashes stand below the key that it belongs to."""
    for one in value:
        if isinstance(one, str):
            parts += (indent, "- ", _at(indent, _scalar(one)), "\n")
        else:
            _mapping(one, f"{indent}- ", f"{indent}  ", parts)


def _at(indent: str, text: str) -> str:
    """Move the further lines of a text to where they belong; empty ones stay empty."""
    return re.sub(r"\n(?=[^\n])", f"\n{indent}", text) if "\n" in text else text


@lru_cache(maxsize=8192)
def _scalar(text: str) -> str:
    if _PRINTABLE.fullmatch(text) and not _ENDING.search(text) and not _means_else(text):
        return text
    if "\n" in text and _LINES.fullmatch(text) and " \n" not in text:
        # A first line that is indented itself needs to be told how far the block is.
        return _at("  ", f"|-\n{text}")
    document: str = yaml.dump(
        {"text": text, "end": 0}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_NEVER_FOLD
    )
    # The key after it shows where the text ends; "..." may follow that.
    return document.removeprefix("text:").removeprefix(" ").rpartition("\nend: 0\n")[0]


def _means_else(text: str) -> bool:
    return any(pattern.match(text) for _, pattern in _NO_TEXT.get(text[0], ()))
