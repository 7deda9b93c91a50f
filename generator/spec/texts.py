"""Texts that no key wants, whatever it is: with a credential in them, blank, or in an unusual form of Unicode."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING
from unicodedata import is_normalized, normalize

from generator.diagnostics import error
from generator.diagnostics.credentials import find_credential
from generator.diagnostics.printable import in_quotes
from generator.spec.nodes import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Diagnostic
    from generator.spec.nodes import Node


def check_texts(root: Node) -> Iterator[Diagnostic]:
    """Find what is wrong with the texts of a document, keys and values, in their order."""
    for node in _scalars(root):
        if isinstance(node.value, str):
            yield from _check(node)


def _scalars(root: Node) -> Iterator[Scalar]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Scalar):
            yield node
        elif isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, Mapping):
            entries = reversed(list(node.entries.values()))
            waiting += (part for entry in entries for part in (entry.value, entry.key))


def _check(node: Scalar) -> Iterator[Diagnostic]:
    if credential := find_credential(node.text):
        message = f"this text holds {credential.noun}, and specs are shared, generated from and shown"
        yield error("source/credential", message, node.span, credential.help)
    # A block of text ends with the end of its last line.
    is_block = node.span.line != node.span.end_line
    text = node.text.removesuffix("\n") if is_block else node.text
    if text and (stripped := text.strip()) != text:
        message = "the text begins or ends with a blank" if stripped else "the text is blank"
        help_ = f"write {in_quotes(stripped)}" if stripped else "write a text, or remove it"
        yield error("source/blank", message, node.span, help_)
    if not is_normalized("NFC", node.text):
        yield _not_composed(node)


def _not_composed(node: Scalar) -> Diagnostic:
    composed = normalize("NFC", node.text)
    at = next(at for at, (one, other) in enumerate(zip_longest(node.text, composed)) if one != other)
    written = " and ".join(f"U+{ord(each):04X}" for each in node.text[at : at + 2])
    meant = f"U+{ord(composed[at]):04X}" if at < len(composed) else "another character"
    message = f"a character is written as {written}, and looks like another"
    help_ = f"write {meant} for it, as editors do: {in_quotes(composed)}"
    return error("source/normal-form", message, node.span, help_)
