"""Changes: a signal worse than some time ago, by more than chance explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Better, Share, Signal
from generator.model.units import Unit, duration, human
from generator.prometheus.alerting import condition as shared
from generator.promql.expr import Expr, binary, number

if TYPE_CHECKING:
    from generator.model.alerts import Alert, Change, Tier
    from generator.model.service import Service


def expr(alert: Alert, kind: Change, tier: Tier, service: Service) -> Expr:
    """Compare the value with the one of ``over`` ago; positive is worse."""
    signal = service.signals[alert.signal]
    found = shared.parts(alert, service)
    worse = _worsening(signal, found, kind)
    crossed = shared.rounded(worse, shared.PRECISION[Unit.RATIO]) >= number(tier.bound)
    if kind.beyond is not None:
        crossed = crossed & shared.beyond(signal, found.value.now(), kind.beyond)
    for offset in (0, kind.over):
        events = found.denominator.now(offset=offset)
        crossed = shared.enough(crossed, events, alert.min_events, found.on)
    unforeseen = _unforeseen(alert, signal, found, kind)
    return shared.enough(crossed, unforeseen, alert.min_bad_events, found.on) if unforeseen else crossed


def _worsening(signal: Signal, found: shared.Parts, kind: Change) -> Expr:
    now, before = found.value.now(), shared.earlier(signal, found.value, kind.over)
    if kind.relative:
        ratio = now / (before > number(0))
        return number(1) - ratio if signal.better is Better.HIGHER else ratio - number(1)
    return before - now if signal.better is Better.HIGHER else now - before


def _unforeseen(alert: Alert, signal: Signal, found: shared.Parts, kind: Change) -> Expr | None:
    """Count the bad events beyond those that the earlier rate predicts for today's traffic."""
    bad = shared.bad_events(signal, found)
    if bad is None:
        return None
    earlier = shared.earlier(signal, found.value, kind.over)
    if isinstance(signal.kind, Share) and signal.kind.good:
        earlier = number(1) - earlier
    if shared.at_one_level(alert, found):
        return bad - found.denominator.now() * earlier
    return bad - binary("*", earlier, found.denominator.now(), on=found.on, group_left=())


def sentence(alert: Alert, kind: Change, _tier: Tier, service: Service) -> str:
    """Say by how much and since when."""
    signal = service.signals[alert.signal]
    verb = "fell" if signal.better is Better.HIGHER else "rose"
    subject = shared.subject(signal, alert, service)
    amount = shared.value_of(Unit.RATIO) if kind.relative else shared.points()
    return f"{subject} {verb} by {amount} within {duration(kind.over)}, to be seen over {shared.window_of(signal)}."


def words(alert: Alert, kind: Change, tier: Tier, service: Service) -> str:
    """Say when it is true."""
    signal = service.signals[alert.signal]
    named, before = shared.named(signal, alert, service), duration(kind.over)
    change = f"{named} is {shared.worse(signal)} by {tier.text} than {before} ago"
    if kind.beyond is None:
        return change
    return f"{change}, and {shared.side(signal)} {human(kind.beyond, signal.unit)}"
