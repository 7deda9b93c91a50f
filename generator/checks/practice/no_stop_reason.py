"""``practice/no-stop-reason``: the reasons why runs end are not visible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Diagnostic, warning
from generator.model.signals import Distribution

if TYPE_CHECKING:
    from generator.checks.facts import Facts
    from generator.model.service import Service

CODE = "practice/no-stop-reason"
SIGNAL = "stop_reason_distribution"


def check(facts: Facts) -> tuple[Diagnostic, ...]:
    """Warn of a service that has no distribution of its stop reasons."""
    return tuple(
        warning(
            CODE,
            f"{each.service.name} does not show why its runs end: limits and failing tools stay hidden",
            each.service.where(""),
            f"count finished runs by stop_reason, and add a signal {SIGNAL}: "
            "{distribution: {of: run, label: stop_reason}, ...}",
        )
        for each in facts.services
        if each.service.measures(SIGNAL) and not shows_stop_reasons(each.service)
    )


def shows_stop_reasons(service: Service) -> bool:
    """Whether a signal distinguishes the stop reasons."""
    signal = service.signals.get(SIGNAL)
    return signal is not None and isinstance(signal.kind, Distribution)
