"""A source and diagnostics about it, of every kind, for the renderings."""

from __future__ import annotations

from generator.diagnostics import Diagnostic, Note, Severity, Span, error, warning

FILE = "specs/services/support-agent.yaml"
TEXT = "service: support-agent\nlabels:\n    run_id: {max: 1000000}\nowner: a\nowner: b\n"
SOURCES = {FILE: TEXT}

FORBIDDEN = error(
    "cardinality/forbidden-label",
    'label "run_id" identifies single runs',
    Span(FILE, 3, 5, 3, 11),
    "segment by release, model or tool; put run ids in logs, traces or exemplars",
)
DUPLICATE = error(
    "yaml/duplicate-key",
    'key "owner" is written twice',
    Span(FILE, 5, 1, 5, 6),
    "keep one of the two",
    Note("it stands here first", Span(FILE, 4, 1, 4, 6)),
)
WARNING = warning("alerts/unreachable", "this tier cannot be reached", Span(FILE, 2, 1, 3, 27), "remove it")
INFO = Diagnostic(
    "source/too-many-errors", Severity.INFO, "3 more findings are not shown", Span.of_file(FILE)
)
PLACELESS = error("source/missing", "no spec was given", None)
EVERY = (FORBIDDEN, DUPLICATE, WARNING, INFO, PLACELESS)
