"""Forecasts: at the current pace the day will exceed its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition, usual
from generator.alerts.draft import Draft, Resolved, SignalDraft, about_signal
from generator.alerts.guide import Guide
from generator.alerts.tiers import BELOW_ZERO, Reason, bounded_tiers, value_bound
from generator.model import names
from generator.model.alerts import Alert, Forecast, Tier
from generator.model.signals import Cost, Count, Signal, numerator_stream
from generator.model.units import DAY, HOUR, WEEK
from generator.promql.expr import Expr, Series, any_of, call, number
from generator.scenarios import MARGIN, SLACK, Subject, TestCase, idle, spending
from generator.streams.scope import Scope, join, over_window, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
    from generator.model.rules import RecordingRule
    from generator.model.service import Service

#: The last hours, in seconds, whose pace is that of the day.
_PACE_WINDOW = 6 * HOUR
#: A change of clocks shifts the day by this much.
_SHIFT = HOUR

KEY, KIND = "forecast", Forecast
FLOORS: tuple[str, ...] = ()
GUIDE: Guide | None = Guide(
    "There is still time: find what grows, and limit that before the day is over.", (), then_signal=True
)
labels, variant_parts, panel = usual.labels, usual.variant_parts, usual.panel


def resolve(draft: Draft) -> Iterator[Resolved]:
    """Resolve it for a daily total, which a pace can be compared with."""
    about = about_signal(draft)
    if about is None:
        return
    signal = about.signal
    is_amount = signal.kind == Cost(None) or (signal.kind == Count() and not signal.of.is_histogram)
    if not about.fits("a count or a cost of the last 24h", fits=is_amount and signal.window == DAY):
        return
    if tiers := bounded_tiers(about, value_bound, _out_of_reach):
        yield about.resolved(Forecast(), tiers)


def _out_of_reach(value: float, _about: SignalDraft) -> Reason | None:
    return BELOW_ZERO if value < 0 else None


def records(alert: Alert, _kind: Forecast, ground: Ground) -> tuple[RecordingRule, ...]:
    """Record the last hours' amount and the forecast of the day; without a whole yesterday there is none.

    A day is not flat: the last 24 hours are scaled by these hours over the same hours of yesterday, or those an hour
    before or after, whichever had most, since clocks change. Monday is not like Sunday: the day of a week ago that
    began with these hours is scaled in the same way, where samples are kept for so long, and the smaller result counts.
    Hours that were nearly idle would make any forecast enormous, so it is limited to the last 24 hours or these hours'
    flat pace.
    """
    signal, scope = ground.signal(alert), ground.scope
    pace_name, like_name = (
        names.windowed(signal, "increase", _PACE_WINDOW),
        names.part(signal, "like_yesterday"),
    )
    stream = numerator_stream(signal)
    amount = summed(over_window(scope.stream(stream), _PACE_WINDOW, scope.site))
    pace, total, like = (
        scope.record(pace_name),
        scope.record(names.value(signal)),
        scope.record(like_name).now(),
    )
    day, flat = total.now(), pace.now() * number(DAY // _PACE_WINDOW)
    week = _like_last_week(signal, pace, total, scope)
    for one in week:
        last = scope.record(one.record).now()
        like = any_of([last <= like, like, last])
    least = any_of([like <= flat, like <= day, flat > day, day])
    return (
        rule(pace_name, amount),
        rule(like_name, day * _growth(pace, DAY)),
        *week,
        rule(names.part(signal, "forecast"), join("and", least, _whole(pace, DAY))),
    )


def _like_last_week(signal: Signal, pace: Series, total: Series, scope: Scope) -> tuple[RecordingRule, ...]:
    """Scale the day of a week ago; nothing where samples are not kept for so long."""
    if scope.site.retention < WEEK + _PACE_WINDOW + 2 * _SHIFT:
        return ()
    scaled = total.now(offset=WEEK + _PACE_WINDOW - DAY) * _growth(pace, WEEK)
    return (rule(names.part(signal, "like_last_week"), join("and", scaled, _whole(pace, WEEK))),)


def _growth(pace: Series, ago: int) -> Expr:
    """Divide the amount of the last hours by that of the same hours some time ago."""
    earlier = call("max_over_time", pace.over(2 * _SHIFT, offset=ago - _SHIFT))
    return pace.now() / (earlier > number(0))


def _whole(pace: Series, ago: int) -> Expr:
    """Find whether the same hours are whole: only if there are equally many before them."""
    return call("last_over_time", pace.over(2 * _SHIFT, offset=ago + _PACE_WINDOW))


def expr(alert: Alert, kind: Forecast, tier: Tier, ground: Ground) -> Expr:
    """Compare the recorded forecast with the bound."""
    return ground.bound(alert, tier).compare(">", condition.rounded(compared(alert, kind, ground)))


def compared(alert: Alert, _kind: Forecast, ground: Ground) -> Expr:
    """Select the recorded forecast of the day."""
    return ground.scope.record(names.part(ground.signal(alert), "forecast")).now()


def sentence(alert: Alert, _kind: Forecast, tier: Tier, ground: Ground) -> str:
    """Describe the forecast of the day's spend."""
    unit = ground.signal(alert).unit
    bound = condition.bound_of(alert, tier, unit, ground)
    value = condition.value_of(unit)
    return f"At the pace of the last 6 hours {condition.SERVICE_VALUE} comes to {value} a day, above {bound}."


def words(_alert: Alert, _kind: Forecast, tier: Tier, _service: Service) -> str:
    """Describe the condition for people."""
    return f"At the pace of the last 6 hours the day comes to more than {tier.text}"


def cases(_kind: Forecast, subject: Subject) -> Iterator[TestCase]:
    """Spend evenly: as yesterday, then at a pace too high for the day; without a yesterday there is no forecast."""
    subject = subject.over(DAY)
    inside = spending((1 - MARGIN) * subject.tier.bound / DAY, subject)
    beyond = {name: (1 + MARGIN) / (1 - MARGIN) * amount for name, amount in inside.items()}
    # By then all of the scaled hours are at the higher pace.
    seen = _PACE_WINDOW + subject.alert.for_ + SLACK
    yield subject.case(
        "fires when the day will cost just more than its bound",
        subject.timeline.then(DAY + _PACE_WINDOW + HOUR, inside)
        .quiet("silent just inside its bound")
        .then(seen, {name: 1.2 * amount for name, amount in beyond.items()})
        .fires("fires at a pace beyond its bound")
        .then(_PACE_WINDOW + subject.keep + SLACK, idle(inside))
        .silent("resolves"),
    )
    yield subject.case(
        "waits for a whole yesterday",
        subject.timeline.then(DAY + _PACE_WINDOW - HOUR, beyond)
        .quiet("silent without a whole yesterday")
        .then(HOUR + subject.alert.for_ + SLACK, beyond)
        .silent("not before its for", HOUR + subject.alert.for_ - 2 * subject.interval)
        .fires("fires just beyond its bound", value=subject.tier.bound * (1 + MARGIN)),
    )
    if subject.thorough and subject.fixture.site.retention > 2 * WEEK:
        yield from _mondays(subject)


def _mondays(subject: Subject) -> Iterator[TestCase]:
    """Work for ten hours once a week: as much as last time, and twice as much."""
    bound, hours = subject.tier.bound, 10 * HOUR
    idling = spending(0.01 * bound / DAY, subject)
    ordinary, twice = (spending(part * 0.9 * bound / hours, subject) for part in (1, 2))
    week = subject.timeline.then(hours, idling).then(hours, ordinary).then(WEEK - hours, idling)
    yield subject.case(
        "silent on a Monday like the last one", week.then(hours, ordinary).quiet("silent after a Sunday")
    )
    dear = week.then(4 * HOUR + subject.alert.for_, twice).fires("fires before half of it is over")
    yield subject.case("fires on a Monday twice as dear as the last one", dear)
