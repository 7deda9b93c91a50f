"""What an alert may refer to while it is resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.resolve.objectives import promise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics.findings import Findings
    from generator.model.labels import Label
    from generator.model.metrics import Metric
    from generator.model.service import Objective, Site
    from generator.model.signals import Signal
    from generator.spec.types import Text


class AlertScope(Struct, frozen=True):
    """The rest of the service, as far as alerts look at it, and where findings go; ``file`` is its spec."""

    service: str
    file: str
    site: Site
    labels: Mapping[str, Label]
    metrics: Mapping[str, Metric]
    runs: Metric
    runs_per_hour: float | None
    signals: Mapping[str, Signal]
    objectives: Mapping[str, Objective]
    findings: Findings

    def off(self, alert: Text, signal: Signal, why: str, *, window: str = "") -> None:
        """Note that an alert is off, and how an objective of its signal turns it on; ``window`` is what it lacks."""
        message = f"{alert.value} of {self.service} is off: {signal.name} has {why}"
        turned_on = f"to turn it on, write in the service's spec: {promise(signal, window)}"
        self.findings.info("alert/no-objective", message, alert.span, turned_on)

    def fed_by(self, metric: Metric) -> list[str]:
        """List the signals that a metric feeds, those on the status board first."""
        fed = [signal for signal in self.signals.values() if signal.of.name == metric.name]
        return [signal.name for signal in sorted(fed, key=lambda signal: signal.trend is None)]
