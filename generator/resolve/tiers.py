"""Tiers of an alert: each severity's bound, and whether a value can ever get beyond it; the severity without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.model.alerts import (
    Alert,
    AlertKind,
    AlertSeverity,
    Burn,
    BurnRate,
    Fall,
    Forecast,
    Overflow,
    Threshold,
    Tier,
)
from generator.model.alerts import Bound as Written
from generator.model.signals import Better, Quantile, Signal, top_bucket
from generator.model.units import DAY, Unit, duration, human, parse_duration, plain, points
from generator.resolve.fan_out import FAN_OUTS
from generator.resolve.quantities import ResolvedBound, amount, difference, resolve_bound, stands_on_objective
from generator.resolve.times import MONTH, burns, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Findings
    from generator.model.service import Objective
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Text

#: The kinds without a bound: their condition is true or false.
_BOUNDLESS = ("idle", "unpriced", *FAN_OUTS)


class TieredAlert(Struct, frozen=True):
    """An alert whose tiers are resolved, and its context."""

    entry: Entry[AlertSpec]
    kind: AlertKind
    signal: Signal
    scope: AlertScope

    @property
    def findings(self) -> Findings:
        """The list of findings."""
        return self.scope.findings

    @property
    def objective(self) -> Objective | None:
        """The service's objective for the signal."""
        return self.scope.objectives.get(self.signal.name)

    def is_default(self, text: Text) -> bool:
        """Whether ``text`` is a default of the profile rather than the service author's."""
        return not self.scope.is_own(text)


def is_relative(signal: Signal) -> bool:
    """Whether a change is given as a part of the earlier value; a share's is in percentage points."""
    return signal.unit is not Unit.RATIO


def resolve_tiers(tiered: TieredAlert) -> tuple[Tier, ...]:
    """Resolve the bounds, the most severe first; empty when the alert needs an objective that is missing."""
    spec = tiered.entry.value
    if spec.critical is None and spec.warning is None:
        tiered.findings.error(
            "alert/no-bound",
            f'alert "{tiered.entry.key.value}" has no bound',
            tiered.entry.key.span,
            "give warning, critical or both",
        )
    tiers = tuple(_tiers(tiered))
    _check_order(tiers, tiered)
    return tiers


def _check_order(tiers: tuple[Tier, ...], tiered: TieredAlert) -> None:
    """Refuse a critical bound that is crossed before the warning's."""
    if len(tiers) < 2 or isinstance(tiered.kind, BurnRate):  # noqa: PLR2004 - both
        return
    bounds = [text for text in (tiered.entry.value.critical, tiered.entry.value.warning) if text]
    critical, warning = tiers
    falls = isinstance(tiered.kind, Threshold) and tiered.signal.better is Better.HIGHER
    if critical.bound > warning.bound if falls else critical.bound < warning.bound:
        tiered.findings.error(
            "alert/order",
            f"{tiered.entry.key.value} would be critical at {critical.text}, before it is a warning at {warning.text}",
            next((text.span for text in bounds if _is_own(text, tiered)), tiered.entry.key.span),
            _in_order(critical, warning, tiered),
        )


def _in_order(critical: Tier, warning: Tier, tiered: TieredAlert) -> str:
    """Explain how to order two bounds; a service cannot leave out a bound of its profile."""
    beyond, before = f"a critical bound beyond {warning.text}", f"a warning that comes before {critical.text}"
    match _is_own(tiered.entry.value.critical, tiered), _is_own(tiered.entry.value.warning, tiered):
        case True, True:
            return "exchange the two, or leave one of them out"
        case True, False:
            return f"the warning is the profile's: choose {beyond}, or write {before} beside it"
        case False, True:
            return f"the critical bound is the profile's: choose {before}, or write {beyond} beside it"
        case _:
            return "both are the profile's: exchange them there, or write bounds of the service's own"


def _is_own(text: Text | None, tiered: TieredAlert) -> bool:
    return text is not None and not tiered.is_default(text)


def _tiers(tiered: TieredAlert) -> Iterator[Tier]:
    spec = tiered.entry.value
    for severity, text in ((AlertSeverity.CRITICAL, spec.critical), (AlertSeverity.WARNING, spec.warning)):
        if text is None:
            continue
        if isinstance(tiered.kind, BurnRate):
            yield from _burn_tier(severity, text, tiered.kind.budget, tiered)
        elif (bound := _bound(text, tiered)) and _reachable(severity, text, bound, tiered):
            yield Tier(severity, bound.value, bound.text, written=bound.written)


def _burn_tier(severity: AlertSeverity, text: Text, budget: float, tiered: TieredAlert) -> Iterator[Tier]:
    """Keep the paces that can be reached: even a total outage burns a budget of 10% only ten times too fast."""
    paces = burns(text, tiered.scope.site, tiered.findings)
    window = tiered.objective.window if tiered.objective else None
    if window and tiered.is_default(text):
        written, paces = paces, scaled(paces, window, tiered.scope.site)
        if paces != written:
            _check_retention(written, paces, window, tiered)
    beyond = {burn: too_fast for burn in paces if (too_fast := _beyond_budget(burn, budget, tiered))}
    reachable = tuple(burn for burn in paces if burn not in beyond)
    for burn, (why, help_) in beyond.items():
        left = f" at {plain(burn.factor)}x" if reachable else ""
        _report(text, _Out(f"{severity}{left}", why, help_), default=tiered.is_default(text), tiered=tiered)
    if reachable:
        words = " or ".join(
            f"{plain(burn.factor)}x in {duration(burn.long)} and {duration(burn.short)}" for burn in reachable
        )
        yield Tier(severity, 0, words, reachable)


def _check_retention(
    written: tuple[Burn, ...], paces: tuple[Burn, ...], window: int, tiered: TieredAlert
) -> None:
    """Refuse a window for which alerts would look back further than Prometheus keeps samples."""
    retention = tiered.scope.site.retention
    longest = max((burn.long for burn in paces), default=0)
    if longest > retention:
        of_month = max(burn.long for burn in written)
        most = duration(retention * MONTH // of_month // DAY * DAY)
        tiered.findings.error(
            "objective/retention",
            f"of a budget of {duration(window)} {tiered.entry.key.value} reads the last {duration(longest)}, and "
            f"Prometheus keeps {duration(retention)}",
            tiered.scope.windows.get(tiered.signal.name, tiered.entry.key).span,
            f"promise over at most {most}, or keep more and say so in site.yaml: retention: {duration(longest)}",
        )


def _beyond_budget(burn: Burn, budget: float, tiered: TieredAlert) -> tuple[str, str] | None:
    """Return the reason why a budget is never spent at a pace, and the way out; None if it can be."""
    window = tiered.objective.window if tiered.objective else None
    if burn.factor * budget >= 1:
        why = f"with a budget of {human(budget, Unit.RATIO)} nothing burns as fast as {plain(burn.factor)}x"
        return why, f"choose paces below {plain(round(1 / budget, 3))}x"
    if window is not None and burn.long > window:
        why = f"the budget is one of {duration(window)}, and {duration(burn.long)} is longer"
        return why, f"look back over {duration(window)} at most, or promise for longer"
    return None


def _bound(text: Text, tiered: TieredAlert) -> ResolvedBound | None:
    if isinstance(tiered.kind, Overflow):
        value = amount(text, Unit.RATIO, "a share of observations", tiered.findings)
        return _of_share(value) if value is not None else None
    if isinstance(tiered.kind, Threshold | Forecast):
        if tiered.objective is None and stands_on_objective(text.value):
            tiered.scope.off(tiered.entry.key, text, tiered.signal, "no objective")
            return None
        return resolve_bound(text, tiered.signal, tiered.objective, tiered.findings)
    relative = is_relative(tiered.signal)
    what = f"a change of {tiered.signal.name}"
    value = difference(text, relative=relative, what=what, findings=tiered.findings)
    if value is None:
        return None
    words = human(value, Unit.RATIO) if relative else points(value)
    return ResolvedBound(value, words, Written(value, None, words))


def _of_share(value: float) -> ResolvedBound:
    return ResolvedBound(value, human(value, Unit.RATIO), Written(value, None, "#"))


def _reachable(severity: AlertSeverity, text: Text, bound: ResolvedBound, tiered: TieredAlert) -> bool:
    """Report a tier that cannot fire: a default is dropped, and one that the author wrote is an error."""
    why = _out_of_reach(bound.value, tiered)
    if why is None:
        return True
    out = _Out(severity, why, _way_out(why, tiered))
    _report(text, out, default=tiered.is_default(text), tiered=tiered)
    return False


class _Out(Struct, frozen=True):
    """A tier out of reach: its severity, the reason, and the way out."""

    tier: str
    why: str
    help: str


def _report(text: Text, out: _Out, *, default: bool, tiered: TieredAlert) -> None:
    alert = tiered.entry.key.value
    if default:
        own = text.span.file == tiered.entry.key.span.file
        place = text.span if own else tiered.entry.key.span
        message = f"{alert} of {tiered.scope.service} is never {out.tier}: {out.why}"
        if not tiered.findings.failed:  # else it may follow from an error that is already reported
            tiered.findings.info("alert/tier-dropped", message, place)
    else:
        message = f"{alert} can never be {out.tier}: {out.why}"
        tiered.findings.error("alert/never-fires", message, text.span, out.help)


def _way_out(why: str, tiered: TieredAlert) -> str:
    top = top_bucket(tiered.signal)
    if top is None or why != _at_top(tiered.signal, top):
        return "choose a bound within reach"
    below = f"choose a bound below {human(top, tiered.signal.unit)}"
    return f"{below}, or give {tiered.signal.of.metric} larger buckets under metrics"


def _out_of_reach(value: float, tiered: TieredAlert) -> str | None:
    """Return the reason why the condition is never true, or never false; None if it is neither."""
    if why := _below_zero(value, tiered):
        return why
    share = tiered.signal.unit is Unit.RATIO
    match tiered.kind:
        case Overflow():
            return "a share never exceeds 100%" if value >= 1 else None
        case Threshold():
            return _beyond_values(value, tiered.signal)
        case Fall():
            return "nothing falls by more than all there is" if value > 1 else None
        case _:
            return "a share cannot change by as much" if share and value > 1 else None


def _beyond_values(value: float, signal: Signal) -> str | None:
    share = signal.unit is Unit.RATIO
    top = top_bucket(signal)
    if top is not None and value >= top:
        return _at_top(signal, top)
    if share and signal.better is not Better.HIGHER and value >= 1:
        return "a share never exceeds 100%"
    if share and signal.better is Better.HIGHER and value > 1:
        return "every share is below that, so it would always fire"
    return None


def _at_top(signal: Signal, top: float) -> str:
    return f"{signal.name} never shows more than its last bucket, {human(top, signal.unit)}"


def _below_zero(value: float, tiered: TieredAlert) -> str | None:
    """Check bounds around zero: "above 0" is any amount, nothing is below 0, and any change is at least 0."""
    judged = isinstance(tiered.kind, Threshold)
    # Nothing falls below 0, and no quantile of real events is 0.
    positive = judged and (tiered.signal.better is Better.HIGHER or isinstance(tiered.signal.kind, Quantile))
    if positive or not isinstance(tiered.kind, Threshold | Forecast | Overflow):
        return None if value > 0 else "its bound is not above zero"
    return None if value >= 0 else "its bound is below zero, so it would always fire"


def severity(entry: Entry[AlertSpec], default: AlertSeverity) -> AlertSeverity:
    """Take the written severity of an alert without a bound, or else the default."""
    written = entry.value.severity
    return default if written is None else AlertSeverity(written.value)


def capped(alert: Alert, most: AlertSeverity | None) -> Alert:
    """Limit the severity of an alert to ``most``: keep the first allowed bound, or all the paces."""
    order = tuple(AlertSeverity)
    allowed = order[order.index(most) :] if most else order
    over = tuple(tier for tier in alert.tiers if tier.severity not in allowed)
    if most is None or not over:
        return alert
    kept = alert.tiers[len(over) :]
    if isinstance(alert.kind, BurnRate):
        paces = tuple(dict.fromkeys(burn for tier in alert.tiers for burn in tier.burns))
        return replace(alert, tiers=(replace(over[-1], severity=most, burns=paces),))
    return replace(alert, tiers=kept or (replace(over[-1], severity=most),))


def check_severity(entry: Entry[AlertSpec], kind: str, findings: Findings) -> None:
    """Refuse keys without effect: bounds where nothing is compared, a severity where bounds set it."""
    alert, spec = entry.key.value, entry.value
    if kind in _BOUNDLESS:
        for name, text in (("warning", spec.warning), ("critical", spec.critical)):
            if text is not None:
                findings.error(
                    "alert/severity",
                    f"{alert} is true or not, without a bound, and would ignore {name}: {text.value}",
                    text.span,
                    f"leave {name} out"
                    if spec.severity
                    else f"write severity: {name}{_how_long(text, spec.idle)}",
                )
    elif spec.severity is not None:
        findings.error(
            "alert/severity",
            f"{alert} is as severe as the bound that is crossed, and would ignore severity: {spec.severity.value}",
            spec.severity.span,
            f"write the bound itself: {spec.severity.value}: ...; a profile's bound can be changed, not left out",
        )


def _how_long(text: Text, idle: AlertKindSpec | None) -> str:
    """Show the right key for a time that was written as a bound."""
    if idle is None or idle.signal is None or parse_duration(text.value) is None:
        return ""
    return (
        f"; to wait for {text.value} without a run: idle: {{signal: {idle.signal.value}, over: {text.value}}}"
    )
