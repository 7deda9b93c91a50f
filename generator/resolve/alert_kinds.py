"""What an alert compares: the body of ``threshold``, ``change`` and the others, resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics.suggest import did_you_mean
from generator.model.alerts import (
    AlertKind,
    BurnRate,
    Change,
    Forecast,
    Idle,
    Overflow,
    Regression,
    Threshold,
    Unpriced,
)
from generator.model.signals import Quantile, Share, Signal, divisor
from generator.model.units import MINUTE
from generator.resolve.quantities import bound, seconds
from generator.resolve.tiers import is_relative

if TYPE_CHECKING:
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.written import AlertKindSpec, Text

DEFAULT_OVER = 30 * MINUTE


def resolve_kind(name: str, body: AlertKindSpec, signal: Signal, scope: AlertScope) -> AlertKind | None:
    """Resolve what an alert compares; None with a finding when its signal cannot be compared so, or needs nothing."""
    match name:
        case "threshold":
            return Threshold(unfinished=bool(body.unfinished))
        case "change":
            over = seconds(body.over, DEFAULT_OVER, scope.findings)
            return Change(over, is_relative(signal), _beyond(body.beyond, signal, scope))
        case "idle":
            return Idle(seconds(body.over, DEFAULT_OVER, scope.findings)) if scope.runs_per_hour else None
        case "regression":
            return _fitting(Regression(is_relative(signal)), divisor(signal) is not None, body, scope)
        case "burn_rate":
            return _burn_rate(body, signal, scope)
        case _:
            return _simple(name, body, signal, scope)


def _simple(name: str, body: AlertKindSpec, signal: Signal, scope: AlertScope) -> AlertKind | None:
    if name == "overflow":
        return _fitting(Overflow(), isinstance(signal.kind, Quantile), body, scope)
    return Forecast() if name == "forecast" else Unpriced()


def _burn_rate(body: AlertKindSpec, signal: Signal, scope: AlertScope) -> AlertKind | None:
    """Take the error budget from the objective; without an objective over a window there is none to burn."""
    objective = scope.objectives.get(signal.name)
    if not isinstance(signal.kind, Share):
        return _fitting(BurnRate(0, 1), fits=False, body=body, scope=scope)
    if objective is None or objective.window is None:
        return None
    budget = 1 - objective.bound if signal.kind.good else objective.bound
    return BurnRate(round(budget, 9), scope.site.rule_interval)


def _fitting(kind: AlertKind, fits: bool, body: AlertKindSpec, scope: AlertScope) -> AlertKind | None:  # noqa: FBT001 - reads as a condition
    if not fits and body.signal:
        wanted = {"Regression": "a share or a ratio", "BurnRate": "a share", "Overflow": "a quantile"}
        scope.findings.error(
            "alert/signal-kind",
            f'"{body.signal.value}" is not {wanted[type(kind).__name__]}',
            body.signal.span,
            "choose a signal of that kind, or a threshold",
        )
    return kind if fits else None


def resolve_by(body: AlertKindSpec, signal: Signal, scope: AlertScope) -> str | None:
    """Find the label that an alert fires for each value of."""
    if body.by is None:
        if () not in signal.levels and body.signal is not None:
            scope.findings.error(
                "alert/by",
                f"{signal.name} has no value for the whole service",
                body.signal.span,
                f"say for each of what: by: {signal.levels[0][0]}",
            )
        return None
    if (body.by.value,) not in signal.levels:
        known = [level[0] for level in signal.levels if len(level) == 1]
        scope.findings.error(
            "alert/by",
            f'{signal.name} is not broken down by "{body.by.value}"',
            body.by.span,
            did_you_mean(body.by.value, known),
        )
    return body.by.value


def _beyond(text: Text | None, signal: Signal, scope: AlertScope) -> float | None:
    if text is None:
        return None
    found = bound(text, signal, scope.objectives.get(signal.name), scope.findings)
    return found.value if found else None
