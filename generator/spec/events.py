"""YAML events within limits, as PyYAML parses a spec.

Events come one at a time from the C parser, so reading stops a few events into too deep a nest or a bomb of aliases,
however long the file is.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

import yaml
from msgspec import Struct

from generator.diagnostics import Diagnostic, Span, error
from generator.spec.yaml_errors import ParserProblem, syntax_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.spec.source import SourceText

#: A spec's deepest value lies at depth 8 or so.
MAX_DEPTH = 32

#: Some hundred services in one file.
MAX_NODES = 50_000


class EventKind(Enum):
    """The kind of a node or of a document that begins, or an end."""

    DOCUMENT = auto()
    SCALAR = auto()
    ALIAS = auto()
    SEQUENCE = auto()
    MAPPING = auto()
    END = auto()


class YamlEvent(Struct, frozen=True):
    """One event; ``index`` is its offset in the text, ``style`` is empty for a plain scalar."""

    kind: EventKind
    span: Span
    index: int
    text: str = ""
    style: str = ""
    in_flow: bool = False
    anchor: str | None = None
    tag: str | None = None


class StopReading(Exception):  # noqa: N818 - ends a walk inside this package; no error of the program
    """The rest of the file cannot be read; ``diagnostic`` has the reason."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


_KINDS: dict[type[yaml.Event], EventKind] = {
    yaml.DocumentStartEvent: EventKind.DOCUMENT,
    yaml.ScalarEvent: EventKind.SCALAR,
    yaml.AliasEvent: EventKind.ALIAS,
    yaml.SequenceStartEvent: EventKind.SEQUENCE,
    yaml.MappingStartEvent: EventKind.MAPPING,
    yaml.SequenceEndEvent: EventKind.END,
    yaml.MappingEndEvent: EventKind.END,
}
_NESTING = {EventKind.SEQUENCE: 1, EventKind.MAPPING: 1, EventKind.END: -1}
_NODES = frozenset({EventKind.SCALAR, EventKind.ALIAS, EventKind.SEQUENCE, EventKind.MAPPING})


def read_events(source: SourceText) -> Iterator[YamlEvent]:
    """The events of a text that ``check_text`` has passed: documents and the nodes in them.

    Raises:
        StopReading: at a syntax error, or beyond ``MAX_DEPTH`` or ``MAX_NODES``.
    """
    depth = nodes = 0
    for event in _parsed(source):
        depth += _NESTING.get(event.kind, 0)
        nodes += event.kind in _NODES
        if depth > MAX_DEPTH:
            message = f"values are nested more than {MAX_DEPTH} deep"
            raise StopReading(error("yaml/too-deep", message, event.span, "make the spec flatter"))
        if nodes > MAX_NODES:
            message = f"the file has more than {MAX_NODES} values"
            raise StopReading(error("yaml/too-large", message, event.span, "split it into several files"))
        yield event


def _parsed(source: SourceText) -> Iterator[YamlEvent]:
    try:
        for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
            if type(event) in _KINDS:
                yield _event(source, event)
    except yaml.MarkedYAMLError as problem:
        raise StopReading(syntax_error(source, _of_parser(problem))) from None
    except yaml.YAMLError as problem:
        raise StopReading(syntax_error(source, ParserProblem(str(problem)))) from None


def _event(source: SourceText, event: yaml.Event) -> YamlEvent:
    line, column, index = _place(event.start_mark)
    end_line, end_column, _ = _place(event.end_mark)
    return YamlEvent(
        _KINDS[type(event)],
        Span(source.path, line + 1, column + 1, end_line + 1, end_column + 1),
        index,
        text=getattr(event, "value", ""),
        style=getattr(event, "style", "") or "",
        in_flow=bool(getattr(event, "flow_style", False)),
        anchor=getattr(event, "anchor", None),
        tag=getattr(event, "tag", None),
    )


def _of_parser(problem: yaml.MarkedYAMLError) -> ParserProblem:
    context = _place(problem.context_mark)[2] if problem.context_mark else None
    at = _place(problem.problem_mark)[2] if problem.problem_mark else None
    return ParserProblem(problem.problem or "", problem.context or "", at, context)


def _place(mark: object) -> tuple[int, int, int]:
    """Line, column and offset of PyYAML's mark, from 0."""
    return getattr(mark, "line", 0), getattr(mark, "column", 0), getattr(mark, "index", 0)
