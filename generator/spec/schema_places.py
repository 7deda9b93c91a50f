"""Where in a document a finding points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.spec.nodes import Mapping
from generator.spec.schema_findings import KEY_NAME, MISSING_KEY, UNKNOWN_KEY, Finding

if TYPE_CHECKING:
    from generator.diagnostics import Span
    from generator.spec.document import Document
    from generator.spec.nodes import Node

_AT_KEY = frozenset({UNKNOWN_KEY, KEY_NAME, MISSING_KEY})


def place_of(document: Document, finding: Finding) -> Span:
    """The value that must change when it is written on one line, else the key that it stands under."""
    if finding.keyword == "uniqueItems":
        return document.at((*finding.path, finding.misfit.twins[1])).span
    value = document.at(finding.path)
    if finding.keyword not in _AT_KEY and _is_on_one_line(value.span):
        return value.span
    return _first_key(document.key_at(finding.path)).span


def _is_on_one_line(span: Span) -> bool:
    return span.line == span.end_line and span.column < span.end_column


def _first_key(node: Node) -> Node:
    """Of a mapping that stands under no key, as a document's root or a list's item: its own first key."""
    if isinstance(node, Mapping):
        return next((entry.key for entry in node.entries.values()), node)
    return node
