"""The front end as a whole, for the tests: bytes of a file in, diagnostics and text out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from generator.diagnostics.formats import render_text
from generator.spec.document import parse_document
from generator.spec.schema import compile_schema, validate
from generator.spec.source import SourceText, decode_source

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic
    from generator.spec.document import Document

NAME = "specs/services/support-agent.yaml"
SMALL = compile_schema(json.loads((Path(__file__).parent / "small.schema.json").read_text("utf-8")))

#: The time of an example depends on the machine, so no test depends on it.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def found_in(text: str | bytes) -> tuple[Diagnostic, ...]:
    """All findings of the front end about a file that should fit the small schema."""
    read = decode_source(NAME, text.encode() if isinstance(text, str) else text)
    if read.value is None:
        return read.diagnostics
    parsed = parse_document(read.value)
    violations = () if parsed.value is None else validate(parsed.value, SMALL)
    return (*parsed.diagnostics, *violations)


def shown(text: str | bytes) -> str:
    """The same as the user sees it."""
    read = decode_source(NAME, text.encode() if isinstance(text, str) else text)
    sources = {NAME: read.value.text} if read.value else {}
    return render_text(found_in(text), sources)


def codes_in(text: str | bytes) -> list[str]:
    """The codes of the findings, in order."""
    return [diagnostic.code for diagnostic in found_in(text)]


def document(text: str) -> Document:
    """The document of a text that has one."""
    parsed = parse_document(SourceText(NAME, text))
    assert parsed.value is not None, parsed.diagnostics
    return parsed.value
