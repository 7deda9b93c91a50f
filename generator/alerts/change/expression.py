"""The condition of a change: the value beside an earlier one, of enough events, and beyond chance."""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from generator.alerts import beyond, chance, condition, longer
from generator.model import names
from generator.model.alerts import BEYOND, MIN_BAD_EVENTS, MIN_EVENTS, Alert, Change, Tier
from generator.model.signals import Better, Quantile, Share, Signal
from generator.model.units import DAY
from generator.promql.expr import Expr, number
from generator.signals.board import earlier
from generator.streams.scope import join

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import Ground
    from generator.model.rules import RecordingRule


def expr(alert: Alert, kind: Change, tier: Tier, ground: Ground) -> Expr:
    """Compare the change with the bound."""
    signal = ground.signal(alert)
    parts = condition.input_series(alert, ground)
    crossed = ground.bound(alert, tier).compare(">=", condition.rounded(compared(alert, kind, ground)))
    if kind.beyond is not None:
        bound = ground.beyond(alert, kind.beyond)
        crossed = crossed & condition.beyond(signal, parts.value.now(), bound)
    if condition.adds_up(signal):
        smaller = 0 if signal.better is Better.HIGHER else kind.over
        whole = condition.whole_window(signal, ground, parts.each, smaller)
        crossed = join("and", crossed, whole, parts.each)
    for offset in (0, kind.over):
        events = parts.denominator.now(offset=offset)
        crossed = condition.enough(crossed, events, ground.floor(alert, MIN_EVENTS), parts.on)
    crossed = _not_by_chance(crossed, alert, kind, parts, ground)
    if may_recover(signal, kind):
        usual_values = (_as_before(ago, alert, kind, tier, ground) for ago in (DAY, DAY + kind.over))
        as_usual = reduce(partial(join, "and", labels=parts.each), usual_values)
        crossed = join("unless", crossed, as_usual, parts.each)
    return crossed | _rare(alert, kind, tier, ground) if kind.also_over else crossed


def _rare(alert: Alert, kind: Change, tier: Tier, ground: Ground) -> Expr:
    """Compare the mean of a longer window with the one before, where the signal's own window holds too few events.

    Its last quarter must show half of the growth, and a day ago it must have been better as well.
    """
    bound, floor = ground.bound(alert, tier), ground.floor(alert, MIN_EVENTS)
    parts, last = condition.input_series(alert, ground), _last(alert, kind, ground)
    mean = longer.longer_mean(alert, kind.also_over, last, ground)
    signal, before = ground.signal(alert), mean.value.now(offset=kind.also_over)

    def grown(now: Expr, base: Expr) -> Expr:
        return condition.rounded(_growth(signal, kind, now, base))

    def enough(left: Expr, ago: int) -> Expr:
        return condition.enough(left, mean.events.now(offset=ago), floor, parts.on)

    crossed = bound.compare(">=", grown(mean.value.now(), before))
    if kind.beyond is not None:
        crossed &= condition.beyond(signal, mean.value.now(), ground.beyond(alert, kind.beyond))
    crossed = enough(enough(crossed, 0), kind.also_over)
    goes_on = bound.compare(">=", number(2) * grown(mean.recent.now(), before))
    crossed = join("and", crossed, goes_on, parts.each)
    yesterday = bound.compare("<", grown(mean.value.now(), mean.value.now(offset=DAY)))
    return join("unless", crossed, enough(yesterday, DAY) | longer.decided(alert, ground), parts.each)


def _last(alert: Alert, kind: Change, ground: Ground) -> int:
    return longer.last_quarter(kind.also_over, ground.signal(alert), ground.scope.site.rule_interval)


def may_recover(signal: Signal, kind: Change) -> bool:
    """Whether the end of an outage may look like this change: runs that fail at once are cheap and quick.

    They improve no share of failures, so no share gets worse when they end.
    """
    return kind.over < DAY and not isinstance(signal.kind, Share)


def _as_before(ago: int, alert: Alert, kind: Change, tier: Tier, ground: Ground) -> Expr:
    """Find where the value is not worse by the bound than at a time of yesterday, of enough events."""
    parts = condition.input_series(alert, ground)
    change = condition.rounded(_change(alert, kind, ground, ago))
    same = ground.bound(alert, tier).compare("<", change)
    return condition.enough(
        same, parts.denominator.now(offset=ago), ground.floor(alert, MIN_EVENTS), parts.on
    )


def compared(alert: Alert, kind: Change, ground: Ground) -> Expr:
    """Subtract the value of ``over`` seconds ago, or divide by it; positive is worse."""
    return _change(alert, kind, ground, kind.over)


def _change(alert: Alert, kind: Change, ground: Ground, ago: int) -> Expr:
    signal, value = ground.signal(alert), condition.input_series(alert, ground).value
    return _growth(signal, kind, value.now(), earlier(signal, value, ago))


def _growth(signal: Signal, kind: Change, now: Expr, before: Expr) -> Expr:
    """Subtract an earlier value, or divide by it; positive is worse."""
    if kind.relative:
        ratio = now / (before > number(0))
        return number(1) - ratio if signal.better is Better.HIGHER else ratio - number(1)
    return before - now if signal.better is Better.HIGHER else now - before


def records(alert: Alert, kind: Change, ground: Ground) -> Iterator[RecordingRule]:
    """Record where the bound of a quantile is among its buckets, and the means of longer windows."""
    signal = ground.signal(alert)
    if kind.also_over:
        yield from longer.mean_rules(alert, kind.also_over, _last(alert, kind, ground), ground)
    if isinstance(signal.kind, Quantile) and kind.beyond is not None:
        bound = ground.beyond(alert, kind.beyond)
        yield from beyond.rules(signal, bound, _labels(alert), ground.scope)


def _labels(alert: Alert) -> Mapping[str, str]:
    return condition.labels_of(alert, **{names.PART: BEYOND})


def _not_by_chance(
    crossed: Expr, alert: Alert, kind: Change, parts: condition.InputSeries, ground: Ground
) -> Expr:
    """Compare the bad events with the number that the earlier ones predict for today's events."""
    weights = (
        None if kind.beyond is None else beyond.weight(ground.signal(alert), _labels(alert), ground.scope)
    )
    bad, before = (
        chance.bad_events(alert, parts, ground, weights=weights, ago=ago) for ago in (0, kind.over)
    )
    if bad is None or before is None:
        return crossed
    growth = parts.denominator.now() / parts.denominator.now(offset=kind.over)
    expected = chance.scaled(before, parts, growth)
    crossed = condition.enough(crossed, bad - expected, ground.floor(alert, MIN_BAD_EVENTS), parts.each)
    scatter = chance.scaled(expected, parts, growth)
    return chance.beyond_chance(crossed, bad, expected, scatter, parts.each, ground.signal(alert))
