"""Labels that no code exposes: those of a target, and those that exporters put on everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

#: What Prometheus puts on every series, whatever its configuration.
TARGET_LABELS = ("job", "instance")
#: OpenTelemetry's exporters name the code that measures; it is the same on all series of a metric.
_SCOPE = "otel_scope_"


def of_target(label: str, others: Container[str]) -> bool:
    """Whether ``label`` is none of the metric's own; ``others`` are known to be of the target as well."""
    return label in TARGET_LABELS or label in others or label.startswith(_SCOPE)
