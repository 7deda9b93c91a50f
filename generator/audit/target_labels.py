"""Labels that no code exposes: those of a target, and those that exporters put on everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

#: The labels that Prometheus puts on every series.
TARGET_LABELS = ("job", "instance")
#: OpenTelemetry's exporters name the measuring code; it is the same on all series of a metric.
_SCOPE = "otel_scope_"


def of_target(label: str, others: Container[str]) -> bool:
    """Whether ``label`` is not the metric's own; ``others`` are known labels of the target."""
    return label in TARGET_LABELS or label in others or label.startswith(_SCOPE)
