"""A value of the wrong kind: what was written, what is wanted, and how to turn one into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.printable import shortened
from generator.spec.misfits import fits_pattern
from generator.spec.nodes import Node, Scalar
from generator.spec.quoting import in_quotes
from generator.spec.scalars import resolve_plain
from generator.spec.schema_words import kinds, value

if TYPE_CHECKING:
    from collections.abc import Collection

_YES_NO = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def wanted_types(keyword_value: str | Collection[str]) -> tuple[str, ...]:
    """The value of the keyword ``type`` as a tuple."""
    return (keyword_value,) if isinstance(keyword_value, str) else tuple(keyword_value)


def type_message(subject: str, types: Collection[str], node: Node) -> str:
    """What is wrong."""
    if isinstance(node, Scalar) and node.value is None:
        return f"{subject} has no value; it must be {kinds(types)}"
    return f"{subject} must be {kinds(types)}, not {value(node)}"


def type_help(types: Collection[str], node: Node, pattern: str | None = "") -> str:
    """How to mend it, where the text written shows what was meant; else nothing.

    ``pattern`` is what a text must match: quotes alone mend only what matches it, and nothing where it is None.
    """
    if not isinstance(node, Scalar):
        return ""
    if node.value is None:
        return _help_for_nothing(types)
    if not isinstance(node.value, str):
        mends = "string" in types and pattern is not None and fits_pattern(pattern, node.text)
        return f"quote it: {in_quotes(node.text)}" if mends else _help_for_list(types, node)
    return _help_for_text(types, node)


def _help_for_nothing(types: Collection[str]) -> str:
    if "object" in types:
        return "write {} for an empty mapping, or remove the key"
    if "array" in types:
        return "write [] for an empty list, or remove the key"
    return "write a value, or remove the key"


def _help_for_text(types: Collection[str], node: Scalar) -> str:
    name, colon, rest = node.text.partition(":")
    if "object" in types and colon and rest and not node.quoted:
        return f"a space must follow the colon: {shortened(name)}: {shortened(rest)}"
    if "boolean" in types and node.text.lower() in _YES_NO:
        return f"write {_YES_NO[node.text.lower()]}"
    is_number = node.quoted and isinstance(resolve_plain(node.text.strip()), int | float)
    if is_number and {"integer", "number", "boolean"} & set(types):
        return f"leave out the quotes: {shortened(node.text.strip())}"
    return _help_for_list(types, node)


def _help_for_list(types: Collection[str], node: Scalar) -> str:
    if "array" not in types:
        return ""
    return f"write a list: [{in_quotes(node.text) if node.quoted else shortened(node.text)}]"
