"""The traps of flow collections.

In ``{a: b, c}`` the comma makes ``c`` a key, ``{a:1}`` has one key, ``a:1``, and ``[a b]`` has one value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, error, warning
from generator.diagnostics.printable import quoted, shortened
from generator.spec.nodes import Entry, Node, Scalar
from generator.spec.quoting import in_quotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


_DIGITS = re.compile(r"\d{1,3}")
_THOUSANDS = re.compile(r"(\d{3}, )*\d{3}[A-Za-z%]*")


def missing_values(entries: Sequence[Entry]) -> Iterator[Diagnostic]:
    """What to say of the keys of a flow mapping without a value: once for keys that follow each other."""
    before: Entry | None = None
    for index, entry in enumerate(entries):
        if _is_missing(entry.value) and not (before and _is_missing(before.value)):
            yield _missing(before, entry.key, _run(entries[index:]))
        before = entry


def missing_commas(items: Sequence[Node]) -> Iterator[Diagnostic]:
    """What to say of the values of a flow sequence that may be several: in quotes they are meant as they are."""
    for item in items:
        if isinstance(item, Scalar) and not item.quoted and len(words := item.text.split()) > 1:
            yield warning(
                "yaml/flow-space",
                f"{quoted(item.text)} is one value",
                item.span,
                f"write a comma between values: {shortened(', '.join(words))}; quote it if it is one: "
                f"{in_quotes(item.text)}",
            )


def _run(entries: Sequence[Entry]) -> str:
    """The text that the keys without a value make together, up to the next key that has one."""
    end = next((i for i, entry in enumerate(entries) if not _is_missing(entry.value)), len(entries))
    return ", ".join(entry.key.text for entry in entries[:end])


def _is_missing(node: Node) -> bool:
    return isinstance(node, Scalar) and not node.quoted and not node.text


def _missing(before: Entry | None, key: Scalar, text: str) -> Diagnostic:
    message = f"{quoted(key.text)} has no value"
    name, colon, rest = key.text.partition(":")
    value = before.value if before else None
    if colon and rest:
        help_ = f"a space must follow the colon: {shortened(name)}: {shortened(rest)}"
    elif isinstance(value, Scalar) and _DIGITS.fullmatch(value.text) and _THOUSANDS.fullmatch(text):
        help_ = f"YAML ends a value at a comma: write {shortened(value.text + text.replace(', ', ''))}"
    elif before and isinstance(value, Scalar) and not value.quoted and isinstance(value.value, str):
        message += ": inside braces a comma ends a value"
        whole = in_quotes(f"{value.text}, {text}")
        help_ = f"quote the text if the comma belongs to it: {shortened(before.key.text)}: {whole}"
    else:
        help_ = f"write {shortened(key.text)}: and a value, or remove it"
    return error("yaml/flow-comma", message, key.span, help_)
