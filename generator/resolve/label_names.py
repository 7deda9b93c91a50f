"""Names that no label may have, even with a bound: those with unbounded values, and those set elsewhere."""

from __future__ import annotations

from pathlib import PurePosixPath
from shlex import quote
from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, Note, Span, error
from generator.diagnostics.printable import quoted
from generator.diagnostics.suggest import closest, listed
from generator.model import names
from generator.model.identifiers import unbounded

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from generator.diagnostics import Findings
    from generator.model.metrics import Label
    from generator.spec.types import ProfileSpec, Text

FORBIDDEN, RESERVED = "cardinality/forbidden-label", "cardinality/reserved-label"
HELP = "segment by release, model or tool; put ids and texts in logs, traces or exemplars"
#: Who sets them, so that a metric's own would be renamed or overwritten.
_SET_BY = {
    **dict.fromkeys((names.LE, "quantile"), "Prometheus sets it on histograms and summaries"),
    **dict.fromkeys(("job", "instance"), "Prometheus sets it on every series of a target"),
    **dict.fromkeys(("alertname", "alertstate"), "Prometheus sets it on alerts"),
    **dict.fromkeys(("severity", "owner", "metric", "label", names.ENVIRONMENT), "our alerts set it"),
    **dict.fromkeys((names.SERVICE, names.SIGNAL), "our rules set it"),
    **dict.fromkeys((names.WORST, names.OVER, names.UNIT), "our status board sets it"),
    "datasource": "our dashboards have a variable of that name",
}
#: No rule can group by them, in any case: PromQL reads a number or another word.
_OF_PROMQL = frozenset({"inf", "nan", "without", "anchored", "smoothed"})
_INTERNAL = "names that begin with __ are Prometheus's own"


def forbidden_label(name: str, span: Span | None, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a label whose name implies unbounded values; None for any other."""
    why = unbounded(name)
    return error(FORBIDDEN, f'label "{name}" {why}', span, HELP, *notes) if why else None


def reserved_label(name: str, span: Span | None) -> Diagnostic | None:
    """Refuse the name of a label that Prometheus or our own rules set; None for any other."""
    why = set_elsewhere(name)
    help_ = f'choose another name, such as "agent_{name.strip("_")}"'
    return error(RESERVED, f'label "{name}" is reserved: {why}', span, help_) if why else None


def refused_label(name: Text, notes: Collection[Note] = ()) -> Diagnostic | None:
    """Refuse a label by its name; None for an allowed name."""
    return forbidden_label(name.value, name.span, notes) or reserved_label(name.value, name.span)


def refused_declaration(name: Text, profile: ProfileSpec) -> Diagnostic | None:
    """Refuse a label that a profile declares, and point at the metrics that have it."""
    uses = ((metric.key.value, label) for metric in profile.metrics for label in metric.value.labels)
    return refused_label(
        name,
        tuple(Note(f"{metric} has it", label.span) for metric, label in uses if label.value == name.value),
    )


def look_up_label(name: Text, labels: Mapping[str, Label], profile: ProfileSpec, findings: Findings) -> None:
    """Check that a metric's label is declared; a name that no label may have is refused instead."""
    if name.value in labels:
        return
    findings.add(
        refused_label(name) or undeclared(name, f'label "{name.value}" is not declared', labels, profile)
    )


def undeclared(
    name: Text, message: str, labels: Collection[str], profile: ProfileSpec, written: Collection[str] = ()
) -> Diagnostic:
    """Report an undeclared label, with the label that may be meant, or the place to declare it.

    A label that is ``written`` beside it already is not proposed.
    """
    match = closest(name.value, labels)
    if match and match in written:
        help_ = f"remove it, or write what it says under {quoted(match)}, which is there already"
    elif match:
        help_ = f"did you mean {quoted(match)}?"
    elif profile.profile.span.is_shipped:
        specs = PurePosixPath(name.span.file).parent.parent
        copy = f"init {quote(str(specs))} --copy-profile {profile.profile.value}"
        help_ = (
            f"only a profile declares labels: run {copy} for one to change, and declare it there under labels"
        )
    else:
        help_ = f"declare it under labels of {profile.profile.span.file}"
    known = "" if match else f"; known: {listed(labels)}"
    return error("reference/unknown-label", message, name.span, help_ + known)


def set_elsewhere(name: str) -> str | None:
    """Name the owner of a reserved label; None when the name is free."""
    if name.lower() in _OF_PROMQL:
        return "PromQL has another meaning for it"
    return _INTERNAL if name.startswith("__") else _SET_BY.get(name)
