"""What the spec language leaves out of YAML: a check for each, over single events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, Span, error
from generator.diagnostics.printable import quoted, shortened, shown
from generator.spec.events import Event, Kind
from generator.spec.places import rest_of_line, start_of_line
from generator.spec.quoting import in_quotes
from generator.spec.source import FORBIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.nodes import Scalar

_WORD = re.compile(r"[^\s,\[\]{}]+")
#: Thousands that are set apart by commas.
_GROUPED = re.compile(r"(?<![\w.,])[$€£]?\d{1,3}(,\d{3})+(?!\d)[\w.%]*")
_BLOCKS = frozenset("|>")


def properties(event: Event, text: str) -> Iterator[Diagnostic]:
    """An alias; an anchor or a tag on a node."""
    if event.kind is Kind.ALIAS:
        yield _property("yaml/alias", f"*{event.anchor}", "an alias", event)
    elif event.anchor is not None:
        yield _property("yaml/alias", f"&{event.anchor}", "an anchor", event)
    if event.tag is not None:
        word = _WORD.match(text, event.index)
        yield _property("yaml/tag", word.group() if word else "!", "a tag", event)


def _property(code: str, word: str, what: str, event: Event) -> Diagnostic:
    message = f"{shortened(word)} is {what}, and a spec has none"
    help_ = f"write the value out, or quote it if it is text: {in_quotes(f'{word} {event.text}'.strip())}"
    return error(code, message, _from_start(event, len(word)), help_)


def written(event: Event, text: str) -> Iterator[Diagnostic]:
    """In a quoted text or a block: characters that an escape wrote, and a block without text."""
    hidden = FORBIDDEN.search(event.text.replace("\r", "\0"))
    if hidden:
        message = f"character {quoted(shown(event.text[hidden.start()]))} is not allowed in text"
        yield error("source/control-character", message, event.span, "leave out the escape that writes it")
    if event.style in _BLOCKS and not event.text.strip():
        header = rest_of_line(text, event.index)
        message = f"an unquoted {quoted(event.style)} begins a block of text, and the block is empty"
        help_ = f"quote the text: {in_quotes(header)}"
        yield error("yaml/block-scalar", message, _from_start(event, len(header)), help_)


def key_type(event: Event, text: str) -> Diagnostic:
    """A key that is no text."""
    if event.kind is not Kind.SCALAR:
        what = "list" if event.kind is Kind.SEQUENCE else "mapping"
        return error("yaml/key-type", f"a {what} cannot be a key", event.span, "write a key that is text")
    if not event.text:
        return error("yaml/key-type", "the key before the colon is missing", event.span, "write a key")
    message = f"the key {shortened(event.text)} is not text"
    if amount := _split_amount(event, text):
        help_ = f"YAML ends a value at a comma: write {amount}"
    else:
        help_ = f"quote it: {in_quotes(event.text)}"
    return error("yaml/key-type", message, event.span, help_)


def _split_amount(event: Event, text: str) -> str:
    """An amount such as ``$1,500`` without its commas, where a key is the thousands of one; else nothing."""
    start = event.index - len(start_of_line(text, event.index))
    line = start_of_line(text, event.index) + rest_of_line(text, event.index)
    grouped = (each for each in _GROUPED.finditer(line) if each.start() < event.index - start < each.end())
    return next((shortened(each.group().replace(",", "")) for each in grouped), "")


def merge_key(event: Event) -> Diagnostic:
    """The key that merges another mapping into this one."""
    message = "<< merges another mapping, and a spec has no merge keys"
    return error("yaml/merge-key", message, event.span, "write the keys out")


def duplicate_key(key: Scalar, first: Scalar) -> Diagnostic:
    """A key that stands twice in one mapping."""
    message = f"key {quoted(key.text)} is written twice"
    note = Note("it stands here first", first.span)
    return error("yaml/duplicate-key", message, key.span, "keep one of the two", note)


def second_document(event: Event) -> Diagnostic:
    """A document after the first."""
    help_ = "keep one document a file: move this one to a file of its own"
    return error("yaml/multi-document", "a second document begins here", event.span, help_)


def _from_start(event: Event, length: int) -> Span:
    span = event.span
    return Span(span.file, span.line, span.column, span.line, span.column + length)
