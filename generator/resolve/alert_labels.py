"""Further labels of a service's alerts: the site's, overridden by the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.reserved_labels import reserved
from generator.resolve.label_names import forbidden_label

if TYPE_CHECKING:
    from collections.abc import Collection

    from generator.diagnostics.findings import Findings
    from generator.resolve.service import Base
    from generator.spec.types import Entry, ServiceSpec, Text

CODE = "alert/label"
#: Labels of the constant that contains them.
_OF_CONSTANT = frozenset({names.PROFILE, names.RUN_WORD})


def resolve_alert_labels(
    spec: ServiceSpec, base: Base, labels: Collection[str], findings: Findings
) -> dict[str, str]:
    """Merge a service's labels into the site's; ``labels`` are those of its metrics."""
    taken = {*labels, *(label for stream in base.library.streams.values() for label in stream.labels)}
    merged = {entry.key.value: entry for entry in (*base.alert_labels, *spec.alert_labels)}
    return {
        name: entry.value.value for name, entry in sorted(merged.items()) if _is_free(entry, taken, findings)
    }


def _is_free(entry: Entry[Text], taken: Collection[str], findings: Findings) -> bool:
    """Refuse a name that an alert may already have, or that identifies single runs or people."""
    name, span = entry.key.value, entry.key.span
    if found := forbidden_label(name, span):
        findings.add(found)
    elif name == names.ENVIRONMENT:
        message = "an alert's environment is the one that its service is in"
        findings.error(CODE, message, span, "declare the service's environments: environments: {prod: {...}}")
    elif why := reserved(name) or _why(name, taken):
        findings.error(
            CODE, f'alerts cannot have a label "{name}" of their own: {why}', span, "choose another name"
        )
    else:
        return True
    return False


def _why(name: str, taken: Collection[str]) -> str:
    if name in _OF_CONSTANT:
        return "our rules set it"
    return "it is a label of streams, which alerts may be about" if name in taken else ""
