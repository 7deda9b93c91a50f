"""Findings in words: a message that names the place, and a help that says what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, error
from generator.spec.schema_case import Case
from generator.spec.schema_keywords import WORDS, other

if TYPE_CHECKING:
    from generator.diagnostics import Span
    from generator.spec.document import Document
    from generator.spec.schema_findings import Finding
    from generator.spec.schema_validator import Schema


def diagnostic_of(document: Document, schema: Schema, span: Span, finding: Finding) -> Diagnostic:
    """The diagnostic for a finding at its place."""
    case = Case(finding, document, schema)
    words = WORDS.get(finding.keyword, other)(case)
    return error(words.code, words.message, span, words.help, *_notes(case))


def _notes(case: Case) -> tuple[Note, ...]:
    if case.finding.keyword != "uniqueItems":
        return ()
    first, _ = case.finding.misfit.twins
    return (Note("it stands here first", case.document.at((*case.finding.path, first)).span),)
