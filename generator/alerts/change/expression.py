"""The condition of a change: the value beside an earlier one, of enough events, and beyond chance."""

from __future__ import annotations

from functools import partial, reduce
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts import beyond, chance, condition, longer
from generator.model import names
from generator.model.alerts import BEYOND, MIN_BAD_EVENTS, MIN_EVENTS, Alert, Change, Tier
from generator.model.signals import Better, Quantile, Ratio, Share, Signal, counts_bad
from generator.model.units import DAY
from generator.promql.expr import Expr, number
from generator.signals.board import earlier
from generator.streams.scope import join, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.alerts.condition import Ground
    from generator.model.rules import RecordingRule

#: The multiple of the floor that windows have on average where hardly any has too few by chance.
_PLENTIFUL = 2


def expr(alert: Alert, kind: Change, tier: Tier, ground: Ground) -> Expr:
    """Compare the change with the bound."""
    signal = ground.signal(alert)
    own = _Comparison(alert, kind, tier, ground, condition.input_series(alert, ground), kind.over)
    crossed = own.crossed()
    if may_recover(signal, kind):
        usual_values = map(own.as_before, (DAY, DAY + kind.over))
        as_usual = reduce(partial(join, "and", labels=own.parts.each), usual_values)
        crossed = join("unless", crossed, as_usual, own.parts.each)
    return crossed | _rare(own) if kind.also_over else crossed


class _Comparison(Struct, frozen=True):
    """A severity of an alert, and the series that it compares with those of ``over`` seconds ago."""

    alert: Alert
    kind: Change
    tier: Tier
    ground: Ground
    parts: condition.InputSeries
    over: int

    @property
    def signal(self) -> Signal:
        """The signal."""
        return self.ground.signal(self.alert)

    @property
    def bound(self) -> condition.AlertNumber:
        """The smallest change."""
        return self.ground.bound(self.alert, self.tier)

    def crossed(self) -> Expr:
        """Find the values that are worse by the bound, on enough events, by more than chance explains."""
        signal, kind, parts, ground = self.signal, self.kind, self.parts, self.ground
        crossed = self.bound.compare(">=", self.grown(parts.value.now(), self.over))
        if kind.beyond is not None:
            bound = ground.beyond(self.alert, kind.beyond)
            crossed = crossed & condition.beyond(signal, parts.value.now(), bound)
        if condition.adds_up(signal):
            smaller = 0 if signal.better is Better.HIGHER else self.over
            whole = condition.whole_window(signal, ground, parts.each, smaller)
            crossed = join("and", crossed, whole, parts.each)
        for ago in (0, self.over):
            crossed = self.enough(crossed, ago)
        return _not_by_chance(crossed, self)

    def grown(self, now: Expr, ago: int) -> Expr:
        """Compute the change of a value against the one of some seconds ago."""
        return condition.rounded(_growth(self.signal, self.kind, now, _before(self.signal, self.parts, ago)))

    def enough(self, left: Expr, ago: int) -> Expr:
        """Keep the values with enough events some seconds ago."""
        events, floor = self.parts.denominator.now(offset=ago), self.ground.floor(self.alert, MIN_EVENTS)
        return condition.enough(left, events, floor, self.parts.on)

    def as_before(self, ago: int) -> Expr:
        """Find where the value is not worse by the bound than at a time of yesterday, of enough events."""
        return self.enough(self.bound.compare("<", self.grown(self.parts.value.now(), ago)), ago)


def _rare(own: _Comparison) -> Expr:
    """Compare a longer window with the one before, where the signal's own windows may hold too few events.

    Its last quarter must show half of the growth, and a day ago it must have been better as well.
    """
    alert, kind, ground = own.alert, own.kind, own.ground
    parts = longer.input_series(alert, kind.also_over, ground)
    long = replace(own, parts=parts, over=kind.also_over)
    lately = longer.recent(alert, _last(alert, kind, ground), ground).now()
    goes_on = own.bound.compare(">=", number(2) * long.grown(lately, kind.also_over))
    crossed = join("and", long.crossed(), goes_on, parts.each)
    return join("unless", crossed, long.as_before(DAY) | _decided(own, parts), parts.each)


def _decided(own: _Comparison, parts: condition.InputSeries) -> Expr:
    """Find where the longer window has so many events that each of the signal's own windows in it has enough.

    A single window has now enough and now too few, by chance, and an alert would come and go with it.
    """
    windows = number(_PLENTIFUL * own.kind.also_over / own.signal.window)
    floor = own.ground.floor(own.alert, MIN_EVENTS)
    return condition.enough(parts.value.now(), parts.denominator.now() / windows, floor, own.parts.on)


def _last(alert: Alert, kind: Change, ground: Ground) -> int:
    return longer.last_quarter(kind.also_over, ground.signal(alert), ground.scope.site.rule_interval)


def may_recover(signal: Signal, kind: Change) -> bool:
    """Whether the end of an outage may look like this change, since runs that fail at once are cheap and quick.

    They improve no share of failures, so no share gets worse when they end.
    """
    return kind.over < DAY and not isinstance(signal.kind, Share)


def compared(alert: Alert, kind: Change, ground: Ground) -> Expr:
    """Subtract the value of ``over`` seconds ago, or divide by it; positive is worse."""
    signal, parts = ground.signal(alert), condition.input_series(alert, ground)
    return _growth(signal, kind, parts.value.now(), _before(signal, parts, kind.over))


def _before(signal: Signal, parts: condition.InputSeries, ago: int) -> Expr:
    """Select values some seconds earlier; where no event was bad, one stands for none: nothing is a multiple of 0."""
    before = earlier(signal, parts.value, ago)
    if not isinstance(signal.kind, Ratio) or not counts_bad(signal):
        return before
    none, one = number(0) * before, number(1) / (parts.denominator.now(offset=ago) > number(0))
    one = none + one if parts.each == parts.on else spread("+", none, one, parts.on)
    return (before > number(0)) | one


def _growth(signal: Signal, kind: Change, now: Expr, before: Expr) -> Expr:
    """Subtract an earlier value, or divide by it; positive is worse."""
    if kind.relative:
        ratio = now / (before > number(0))
        return number(1) - ratio if signal.better is Better.HIGHER else ratio - number(1)
    return before - now if signal.better is Better.HIGHER else now - before


def records(alert: Alert, kind: Change, ground: Ground) -> Iterator[RecordingRule]:
    """Record where the bound of a quantile is among its buckets, and the values over a longer window."""
    signal = ground.signal(alert)
    if kind.also_over:
        yield from longer.rules(alert, kind.also_over, _last(alert, kind, ground), ground)
    if isinstance(signal.kind, Quantile) and kind.beyond is not None:
        bound = ground.beyond(alert, kind.beyond)
        yield from beyond.rules(signal, bound, _labels(alert), ground.scope)


def _labels(alert: Alert) -> Mapping[str, str]:
    return condition.labels_of(alert, **{names.PART: BEYOND})


def _not_by_chance(crossed: Expr, one: _Comparison) -> Expr:
    """Compare the bad events with the number that the earlier ones predict for today's events."""
    alert, parts, ground, signal = one.alert, one.parts, one.ground, one.signal
    weights = None if one.kind.beyond is None else beyond.weight(signal, _labels(alert), ground.scope)
    bad, before = (chance.bad_events(alert, parts, ground, weights=weights, ago=ago) for ago in (0, one.over))
    if bad is None or before is None:
        return crossed
    growth = parts.denominator.now() / parts.denominator.now(offset=one.over)
    expected = chance.scaled(before, parts, growth)
    crossed = condition.enough(crossed, bad - expected, ground.floor(alert, MIN_BAD_EVENTS), parts.each)
    scatter = chance.scaled(expected, parts, growth)
    return chance.beyond_chance(crossed, bad, expected, scatter, parts.each, signal)
