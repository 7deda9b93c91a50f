"""Names that no label may have, whatever bounds it: values that never end, and what is set elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Note, error
from generator.model.identifiers import unbounded
from generator.model.reserved_labels import reserved
from generator.resolve.scope import look_up

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.diagnostics import Diagnostic, Span
    from generator.diagnostics.findings import Findings
    from generator.model.labels import Label
    from generator.spec.written import ProfileSpec, Text

FORBIDDEN, RESERVED = "cardinality/forbidden-label", "cardinality/reserved-label"
HELP = "segment by release, model or tool; put ids and texts in logs, traces or exemplars"


def forbidden_label(name: str, span: Span | None, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a name that says of a label that its values never end; None for any other."""
    why = unbounded(name)
    return error(FORBIDDEN, f'label "{name}" {why}', span, HELP, *notes) if why else None


def reserved_label(name: str, span: Span | None) -> Diagnostic | None:
    """Refuse the name of a label that Prometheus or our own rules set; None for any other."""
    why = reserved(name)
    help_ = f'choose another name, such as "agent_{name.strip("_")}"'
    return error(RESERVED, f'label "{name}" is reserved: {why}', span, help_) if why else None


def refused_label(name: Text, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a label by its name; None where nothing is wrong with that."""
    return forbidden_label(name.value, name.span, notes) or reserved_label(name.value, name.span)


def refused_declaration(name: Text, profile: ProfileSpec) -> Diagnostic | None:
    """Refuse a label that a profile declares, and point at the metrics that have it."""
    uses = ((metric.key.value, label) for metric in profile.metrics for label in metric.value.labels)
    return refused_label(
        name,
        tuple(Note(f"{metric} has it", label.span) for metric, label in uses if label.value == name.value),
    )


def look_up_label(name: Text, labels: Mapping[str, Label], findings: Findings) -> None:
    """Prove that a metric's label is declared; of one that never may be, nobody is told to declare it."""
    if name.value not in labels and (found := refused_label(name)):
        findings.add(found)
    else:
        look_up(name, labels, "label", findings)
