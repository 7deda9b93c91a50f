"""What is wrong where YAML itself gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, error
from generator.spec.faults import Fault, Site
from generator.spec.places import Places
from generator.spec.syntax_rules import RULES, tab, unknown

if TYPE_CHECKING:
    from generator.spec.source import Source


def syntax_error(source: Source, fault: Fault) -> Diagnostic:
    """The diagnostic for a fault of the parser."""
    site = Site(source, fault)
    rule = next((rule for words, rule in RULES if words in {fault.problem, fault.context}), unknown)
    explained = tab(site) if site.character == "\t" else rule(site)
    places = Places.of(source.path, source.text)
    notes = (Note(explained.opened, places.span(site.opened)),) if explained.opened else ()
    span = places.span(explained.index, max(1, explained.length))
    return error(explained.code, explained.message, span, explained.help, *notes)
