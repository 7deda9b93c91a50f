"""A document is held against a JSON Schema, and each misfit becomes a diagnostic at its place.

``validate`` returns all diagnostics of the stage, sorted by place, and raises nothing for bad input. Beside
JSON Schema's own annotations a schema may carry ``x-help``: how to write what is wanted, shown as the help.
The jsonschema package is imported with the first schema, so that a command that needs none starts quickly.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from generator.diagnostics.findings import MAX_PER_FILE, left_out
from generator.spec.schema_findings import MISSING_KEY, findings_of
from generator.spec.schema_messages import diagnostic_of
from generator.spec.schema_places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.diagnostics import Diagnostic, Span
    from generator.spec.document import Document
    from generator.spec.schema_findings import Finding
    from generator.spec.schema_validator import Schema

_SUFFIX = ".schema.json"


@cache
def load_schema(kind: str) -> Schema:
    """The schema of a kind of file (``service``, ``profile``, ``site``, ``prices``), compiled once.

    Raises:
        KeyError: there is no such kind.
    """
    files = resources.files("generator.spec") / "schemas"
    contents = {
        file.name: json.loads(file.read_text("utf-8"))
        for file in files.iterdir()
        if file.name.endswith(_SUFFIX)
    }
    return compile_schema(contents[kind + _SUFFIX], contents.values())


def compile_schema(contents: Mapping[str, Any], shared: Iterable[Mapping[str, Any]] = ()) -> Schema:
    """A schema ready for use.

    Args:
        contents: a valid schema of draft 2020-12.
        shared: the schemas that it refers to, each by its ``$id``.
    """
    from generator.spec.schema_validator import Schema  # noqa: PLC0415 - jsonschema is slow to import

    return Schema.of(contents, shared)


def validate(document: Document, schema: Schema) -> tuple[Diagnostic, ...]:
    """Everything in a document that its schema does not allow; nothing when it fits."""
    findings = findings_of(schema.misfits(document.to_plain()))
    found = sorted(((place_of(document, finding), finding) for finding in findings), key=_order)
    shown = [diagnostic_of(document, schema, *each) for each in found[:MAX_PER_FILE]]
    rest = len(found) - len(shown)
    return (*shown, left_out(found[MAX_PER_FILE][0], rest)) if rest else tuple(shown)


def _order(found: tuple[Span, Finding]) -> tuple[Span, bool]:
    span, finding = found
    return span, finding.keyword == MISSING_KEY
