"""YAML events become nodes; what the spec language leaves out of YAML is reported on the way."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Span, error
from generator.spec import refusals
from generator.spec.events import Event, Kind, StopReading, read_events
from generator.spec.flow import missing_commas, missing_values
from generator.spec.nodes import Entry, Mapping, Node, Scalar, Sequence
from generator.spec.scalars import Refusal, resolve_plain

if TYPE_CHECKING:
    from generator.spec.source import Source

_MERGE_KEY = "<<"


class Composer:
    """One walk over a source's events; ``diagnostics`` grows with it."""

    def __init__(self, source: Source) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._text = source.text
        self._events = read_events(source)

    def compose(self) -> Node | None:
        """The root of the only document; ``None`` when there is none or it cannot be read to its end."""
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
            self.diagnostics.append(refusals.second_document(second))
        return root

    def _node(self, event: Event) -> Node:
        self.diagnostics += refusals.properties(event, self._text)
        if event.kind is Kind.SEQUENCE:
            return self._sequence(event)
        return self._mapping(event) if event.kind is Kind.MAPPING else self._scalar(event)

    def _scalar(self, event: Event) -> Scalar:
        if event.style:
            return self._quoted(event)
        value = resolve_plain(event.text)
        if isinstance(value, Refusal):
            self.diagnostics.append(error(value.code, value.message, event.span, value.help))
            value = event.text
        return Scalar(event.span, value, event.text)

    def _quoted(self, event: Event) -> Scalar:
        self.diagnostics += refusals.written(event, self._text)
        return Scalar(event.span, event.text, event.text, quoted=True)

    def _sequence(self, start: Event) -> Sequence:
        items: list[Node] = []
        while (event := next(self._events)).kind is not Kind.END:
            items.append(self._node(event))
        if start.in_flow:
            self.diagnostics += missing_commas(items)
        return Sequence(_whole(start, event, items[-1:]), tuple(items))

    def _mapping(self, start: Event) -> Mapping:
        entries: dict[str, Entry] = {}
        written: list[Entry] = []
        values: list[Node] = []
        while (event := next(self._events)).kind is not Kind.END:
            key = self._key(event)
            values.append(self._value(event))
            if key is None:
                continue
            written.append(Entry(key, values[-1]))
            first = entries.setdefault(key.text, written[-1])
            if first.key is not key:
                self.diagnostics.append(refusals.duplicate_key(key, first.key))
        if start.in_flow:
            self.diagnostics += missing_values(written)
        return Mapping(_whole(start, event, values[-1:]), MappingProxyType(entries))

    def _key(self, event: Event) -> Scalar | None:
        """The key, or ``None`` when it cannot be one."""
        if event.kind is not Kind.SCALAR:
            self._node(event)
        else:
            self.diagnostics += refusals.properties(event, self._text)
        if event.style:
            return self._quoted(event)
        if event.kind is Kind.SCALAR and isinstance(resolve_plain(event.text), str):
            if event.text != _MERGE_KEY:
                return Scalar(event.span, event.text, event.text)
            self.diagnostics.append(refusals.merge_key(event))
        elif event.kind is not Kind.ALIAS:
            self.diagnostics.append(refusals.key_type(event, self._text))
        return None

    def _value(self, key: Event) -> Node:
        event = next(self._events)
        if event.kind is Kind.ALIAS and key.text == _MERGE_KEY and not key.style:
            return Scalar(event.span, None, "")  # the merge key is reported, and its alias with it
        return self._node(event)


def _whole(start: Event, end: Event, last: list[Node]) -> Span:
    """The span of a collection; in block style YAML puts its end where the next token begins."""
    stop = end.span if start.in_flow or not last else last[0].span
    return Span(start.span.file, start.span.line, start.span.column, stop.end_line, stop.end_column)
