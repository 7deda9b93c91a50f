"""Tiers of an alert: each severity's bound, and whether a value can ever get beyond it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.model.alerts import (
    AlertKind,
    AlertSeverity,
    BurnRate,
    Forecast,
    Overflow,
    Threshold,
    Tier,
)
from generator.model.signals import Better, Signal, top_bucket
from generator.model.units import Unit, duration, human, plain, points
from generator.resolve.quantities import Bound, amount, bound, burns, difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics.findings import Findings
    from generator.model.service import Objective
    from generator.spec.written import AlertSpec, Entry, Text


@dataclass(frozen=True, slots=True)
class Case:
    """An alert whose tiers are to be resolved, and where findings go."""

    service: str
    entry: Entry[AlertSpec]
    kind: AlertKind
    signal: Signal
    objective: Objective | None
    findings: Findings


def is_relative(signal: Signal) -> bool:
    """Whether a change is told as a part of the earlier value; a share's is told in percentage points."""
    return signal.unit is not Unit.RATIO


def resolve_tiers(case: Case) -> tuple[Tier, ...]:
    """Resolve the bounds, the most severe first; none when the alert needs an objective that is not there."""
    spec = case.entry.value
    if spec.critical is None and spec.warning is None:
        case.findings.error(
            "alert/no-bound",
            f'alert "{case.entry.key.value}" has no bound',
            case.entry.key.span,
            "give warning, critical or both",
        )
    return tuple(_tiers(case))


def _tiers(case: Case) -> Iterator[Tier]:
    spec = case.entry.value
    for severity, text in ((AlertSeverity.CRITICAL, spec.critical), (AlertSeverity.WARNING, spec.warning)):
        if text is None:
            continue
        if isinstance(case.kind, BurnRate):
            yield from _burn_tier(severity, text, case.kind.budget, case)
        elif (found := _bound(text, case)) and _reachable(severity, text, found, case):
            yield Tier(severity, found.value, found.text)


def _burn_tier(severity: AlertSeverity, text: Text, budget: float, case: Case) -> Iterator[Tier]:
    """Keep the paces that can be reached: even a total outage burns a budget of 10% only ten times as fast."""
    paces = burns(text, case.findings)
    reachable = tuple(burn for burn in paces if burn.factor * budget < 1)
    for burn in set(paces) - set(reachable):
        most = (
            f"with a budget of {human(budget, Unit.RATIO)} nothing burns {plain(burn.factor)} times as fast"
        )
        _report(severity, text, most, default=text.span.file != case.entry.key.span.file, case=case)
    if reachable:
        words = " or ".join(
            f"{plain(burn.factor)}x in {duration(burn.long)} and {duration(burn.short)}" for burn in reachable
        )
        yield Tier(severity, 0, words, reachable)


def _bound(text: Text, case: Case) -> Bound | None:
    if isinstance(case.kind, Overflow):
        value = amount(text, Unit.RATIO, "a share of observations", case.findings)
        return Bound(value, human(value, Unit.RATIO), from_objective=False) if value is not None else None
    if isinstance(case.kind, Threshold | Forecast):
        if case.objective is None and "objective" in text.value:
            message = f"{case.entry.key.value} of {case.service} is off: {case.signal.name} has no objective"
            case.findings.info("alert/no-objective", message, case.entry.key.span)
            return None
        return bound(text, case.signal, case.objective, case.findings)
    relative = is_relative(case.signal)
    what = f"a change of {case.signal.name}"
    value = difference(text, relative=relative, what=what, findings=case.findings)
    if value is None:
        return None
    words = human(value, Unit.RATIO) if relative else points(value)
    return Bound(value, words, from_objective=False)


def _reachable(severity: AlertSeverity, text: Text, found: Bound, case: Case) -> bool:
    """Report a tier that cannot fire: one that moves with the objective is dropped, a written one is an error."""
    why = _out_of_reach(found.value, case)
    if why is None:
        return True
    _report(severity, text, why, default=found.from_objective, case=case)
    return False


def _report(severity: AlertSeverity, text: Text, why: str, *, default: bool, case: Case) -> None:
    alert = case.entry.key.value
    if default:
        own = text.span.file == case.entry.key.span.file
        place = text.span if own else case.entry.key.span
        message = f"{alert} of {case.service} has no {severity} tier: {why}"
        case.findings.info("alert/tier-dropped", message, place)
    else:
        case.findings.error(
            "alert/never-fires",
            f"{alert} can never be {severity}: {why}",
            text.span,
            "choose a bound within reach",
        )


def _out_of_reach(value: float, case: Case) -> str | None:
    """Say why no value of the signal gets beyond ``value``; None when one can."""
    signal = case.signal
    share = signal.unit is Unit.RATIO
    if value <= 0:
        return "its bound is not above zero"
    if not isinstance(case.kind, Threshold):
        return "a share cannot change by as much" if share and value > 1 else None
    top = top_bucket(signal)
    if top is not None and value >= top:
        return f"{signal.name} never shows more than its last bucket, {human(top, signal.unit)}"
    if share and signal.better is not Better.HIGHER and value >= 1:
        return "a share never exceeds 100%"
    if share and signal.better is Better.HIGHER and value > 1:
        return "every share is below that, so it would always fire"
    return None
