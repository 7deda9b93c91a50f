"""A source becomes a document: a tree in which every value has its place.

``parse_document`` returns a ``Result``: for any text a document with warnings, or else errors, each at its place. The
tree is frozen.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Result, Span, error, has_errors, limited
from generator.spec import yaml_restrictions
from generator.spec.events import EventKind, StopReading, YamlEvent, read_events
from generator.spec.nodes import KeyValue, Mapping, Node, Plain, Scalar, Sequence, Step, to_plain
from generator.spec.source import SourceText, check_text
from generator.spec.yaml_restrictions import Refusal, is_date, missing_commas, missing_values, resolve_plain

if TYPE_CHECKING:
    from collections.abc import Iterable


_MERGE_KEY = "<<"
#: A whole file, in one line, for those of which a directory has one or none.
_WHOLE_FILES = {
    "site": "scrape_interval: 15s",
    "prices": "models: {gpt-4o-mini: {prompt: 0.15, completion: 0.6}}",
    "incidents": "incidents: [{name: search-outage, start: 2026-11-27T10:05Z, end: 2026-11-27T11:00Z}]",
}


class Composer:
    """One walk over a source's events; ``diagnostics`` grows with it."""

    def __init__(self, source: SourceText, *, dates: bool = False) -> None:
        self._dates = dates
        self.diagnostics: list[Diagnostic] = []
        self._text = source.text
        self._events = read_events(source)

    def compose(self) -> Node | None:
        """The root of the only document; ``None`` when there is none or when reading stopped before the end."""
        try:
            return self._document()
        except StopReading as stop:
            self.diagnostics.append(stop.diagnostic)
            return None

    def _document(self) -> Node | None:
        if next(self._events, None) is None:
            return None
        root = self._node(next(self._events))
        second = next(self._events, None)
        if second is not None:
            self.diagnostics.append(yaml_restrictions.second_document(second))
        return root

    def _node(self, event: YamlEvent) -> Node:
        self.diagnostics += yaml_restrictions.properties(event, self._text)
        if event.kind is EventKind.SEQUENCE:
            return self._sequence(event)
        return self._mapping(event) if event.kind is EventKind.MAPPING else self._scalar(event)

    def _scalar(self, event: YamlEvent) -> Scalar:
        if event.style:
            return self._quoted(event)
        value = event.text if self._dates and is_date(event.text) else resolve_plain(event.text)
        if isinstance(value, Refusal):
            self.diagnostics.append(error(value.code, value.message, event.span, value.help))
            value = event.text
        # A reference without a text is an error already, and not a missing value.
        is_reported = event.anchor is not None or event.tag is not None
        return Scalar(event.span, value, event.text or ("*" if is_reported else ""))

    def _quoted(self, event: YamlEvent) -> Scalar:
        self.diagnostics += yaml_restrictions.check_escapes(event, self._text)
        return Scalar(event.span, event.text, event.text, quoted=True)

    def _sequence(self, start: YamlEvent) -> Sequence:
        items: list[Node] = []
        while (event := next(self._events)).kind is not EventKind.END:
            items.append(self._node(event))
        if start.in_flow:
            self.diagnostics += missing_commas(items)
        return Sequence(_whole(start, event, items[-1:]), tuple(items))

    def _mapping(self, start: YamlEvent) -> Mapping:
        entries: dict[str, KeyValue] = {}
        written: list[KeyValue] = []
        values: list[Node] = []
        while (event := next(self._events)).kind is not EventKind.END:
            key = self._key(event)
            values.append(self._value(event))
            if key is None:
                continue
            written.append(KeyValue(key, values[-1]))
            first = entries.setdefault(key.text, written[-1])
            if first.key is not key:
                self.diagnostics.append(yaml_restrictions.duplicate_key(written[-1], first))
        if start.in_flow:
            self.diagnostics += missing_values(written)
        return Mapping(_whole(start, event, values[-1:]), MappingProxyType(entries))

    def _key(self, event: YamlEvent) -> Scalar | None:
        """The key, or ``None`` when it cannot be a key."""
        if event.kind is not EventKind.SCALAR:
            self._node(event)
        else:
            self.diagnostics += yaml_restrictions.properties(event, self._text)
        if event.style:
            return self._quoted(event)
        if event.kind is EventKind.SCALAR and isinstance(resolve_plain(event.text), str):
            if without_colon := yaml_restrictions.brace_in_key(event, self._text):
                self.diagnostics.append(without_colon)
                return None
            if event.text != _MERGE_KEY:
                return Scalar(event.span, event.text, event.text)
            self.diagnostics.append(yaml_restrictions.merge_key(event))
        elif event.kind is not EventKind.ALIAS:
            self.diagnostics.append(yaml_restrictions.key_type(event, self._text))
        return None

    def _value(self, key: YamlEvent) -> Node:
        event = next(self._events)
        if event.kind is EventKind.ALIAS and key.text == _MERGE_KEY and not key.style:
            return Scalar(event.span, None, "")  # the merge key and its alias are reported as one error
        return self._node(event)


def _whole(start: YamlEvent, end: YamlEvent, last: list[Node]) -> Span:
    """The span of a collection; in block style YAML puts its end where the next token begins."""
    stop = end.span if start.in_flow or not last else last[0].span
    return Span(start.span.file, start.span.line, start.span.column, stop.end_line, stop.end_column)


class Document(Struct, frozen=True):
    """A file's only YAML document, whose root is a mapping."""

    source: SourceText
    root: Mapping

    def at(self, path: Iterable[Step]) -> Node:
        """The node that a path of keys and indices leads to, or its nearest parent that exists."""
        return self.root.at(path)

    def key_at(self, path: Iterable[Step]) -> Node:
        """The key at the end of a path, or the node as from ``at`` where there is no such key."""
        return self.root.key_at(path)

    def to_plain(self) -> Plain:
        """The values without places, as ``nodes.to_plain``."""
        return to_plain(self.root)


def parse_document(source: SourceText, *, dates: bool = False) -> Result[Document]:
    """The document of a source, or all errors of its text and its YAML; with ``dates``, dates may be unquoted text."""
    unreadable = check_text(source)
    if unreadable:
        return Result.failed(*limited(unreadable))
    composer = Composer(source, dates=dates)
    root = composer.compose()
    diagnostics = composer.diagnostics
    if not has_errors(diagnostics):
        diagnostics += _root_problem(source, root)
    if has_errors(diagnostics) or not isinstance(root, Mapping):
        return Result.failed(*limited(diagnostics))
    return Result(Document(source, root), limited(diagnostics))


def _root_problem(source: SourceText, root: Node | None) -> list[Diagnostic]:
    help_ = _begin(PurePosixPath(source.path))
    if root is None or (isinstance(root, Scalar) and not root.text and not root.quoted):
        return [error("yaml/empty", "the file has no document", Span.of_file(source.path), help_)]
    if isinstance(root, Mapping):
        return []
    what = "a single value" if isinstance(root, Scalar) else "a list"
    return [error("yaml/root-type", f"the file has {what} instead of a mapping", root.span, help_)]


def _begin(path: PurePosixPath) -> str:
    """Return the help for an empty file: its first keys, or that it may go."""
    if path.stem == "signals":
        return "delete the file: the library of signals that ships is used then"
    if path.stem in _WHOLE_FILES:
        return f"write keys and values, such as: {_WHOLE_FILES[path.stem]}; or delete the file"
    first = "profile: my-profile" if path.parent.name == "profiles" else "service: support-agent"
    return f"write keys and values, such as: {first}"
