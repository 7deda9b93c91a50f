"""Error budgets: their burn rates, and what is left of them over the whole window of an objective.

A window may be longer than what Prometheus keeps: 30 days are more than the 15 of its default. So the events of each
day are summed while it lasts, and the sum of a day is written again once an hour from its own last value, until the day
leaves the window. The sum thus outlives retention, and a server that was down for less than a week finds it again.

Days are in UTC. Of the oldest day, the part still in the window counts, as if its events were spread evenly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model import names
from generator.model.units import DAY, HOUR, WEEK
from generator.promql.expr import Expr, Series, any_of, binary, call, labelled, literal, number
from generator.signals import events
from generator.streams.scope import Scope, each, join, largest, rule, spread, summed

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal

BAD, EVERY = "bad", "all"
#: Seconds between two copies of the finished days, and the number of copies back that one is looked for.
COPIED = HOUR
_COPIES = 3
#: The time over which a copy looks for the one before: a server may be down for this long.
_KEPT = WEEK
#: The latest days, which are summed at every interval: today, and yesterday until a copy has taken it over.
_LATEST = 2
#: The time over which the sum of the latest days is looked for: a shorter gap loses only its own events.
_GAP = 6 * HOUR
#: The most days of a window.
LONGEST_BUDGET = 366
_PARTS = (names.PART,)
_DAYS = (names.PART, names.DAY)


def service_sides(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record bad and all events per second of the whole service, so that days are cheap to sum."""
    return tuple(events.sides(signal, (), (), scope))


def burn_over(signal: Signal, window: int, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record the bad events of a window and their share: sums over sums, never an average of ratios.

    Days are summed once for each side: the share reads the bad events that have just been recorded.
    """
    errors = names.windowed(signal, "errors", window)
    every = events.long_window(names.events_rate(signal), window, scope)
    share = scope.record(errors).now() / (every > number(0))
    return (
        rule(errors, events.long_window(names.part(signal, "errors_rate"), window, scope)),
        rule(names.windowed(signal, "error_ratio", window), share),
    )


class Promise(Struct, frozen=True):
    """An objective for a share over a window.

    Attributes:
        signal: The share.
        window: Seconds; for all services a vector.
        budget: The share of events that may be bad; for all services a vector.
    """

    signal: Signal
    window: Expr | int
    budget: Expr | float


def calendar() -> tuple[RecordingRule, ...]:
    """Record the start of each of the last days, in Unix seconds, by its date; they read no series.

    The latest days have a record of their own: a rule that sums them at every interval need not read a year.
    """
    every, latest = _midnights(LONGEST_BUDGET + 1), _midnights(_LATEST)
    # There are never more of the latest days than that; with this number the count of series knows it.
    latest = Expr(f"topk({_LATEST}, {latest.text})")
    return rule(names.CALENDAR, every), rule(names.CALENDAR_LATEST, latest)


def _midnights(days: int) -> Expr:
    today = Expr("year() * 10000 + month() * 100 + day_of_month()")
    day = literal(names.DAY)
    digits = Expr(f"count_values({day.text}, {today.text})")
    date = call("label_replace", digits, day, literal("$1-$2-$3"), day, literal("(.{4})(..)(..)"))
    return call("max_over_time", Expr(f"({(date * call('time')).text})[{days}d:1d]"))


def recent_days(promise: Promise, scope: Scope) -> RecordingRule:
    """Sum the bad events and all events of today and yesterday, at every interval."""
    before = largest(call("last_over_time", _record(names.BUDGET_LATEST, promise, scope).over(_GAP)), _DAYS)
    now = number(0) * _began_since(1) + number(1)
    today = binary("*", _new(promise, scope), now, on=(), group_left=(names.DAY,))
    both = any_of([join("+", before, today, _DAYS), today, before])
    fresh = binary("and", both, _began_since(_LATEST), on=(names.DAY,))
    # As for the calendar, this number is for the count of series.
    kept = Expr(f"topk by ({', '.join(each(_PARTS))}) ({_LATEST}, {fresh.text})")
    return rule(names.BUDGET_LATEST, kept, **_labels(promise))


def finished(promise: Promise, scope: Scope) -> RecordingRule:
    """Copy the sums of the days of the window, and include those of the latest days."""
    kept = min(_KEPT, scope.site.retention)
    again = call("last_over_time", _record(names.BUDGET_DAYS, promise, scope).over(kept))
    fresh = call("last_over_time", _record(names.BUDGET_LATEST, promise, scope).over(DAY))
    told_apart = labelled(fresh, "of", "latest")
    either = largest(again | told_apart, _DAYS)
    inside = join("and", either, _weight(either, promise.window) > number(0), _DAYS)
    return rule(names.BUDGET_DAYS, inside, **_labels(promise))


def balance(promise: Promise, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record the bad events of the window, the allowed ones, the remaining part, and the time until it is spent.

    Before the first copy of the days there are no such series, rather than a budget that looks untouched.
    """
    labels = _labels(promise)
    spent = _record(names.BUDGET_SPENT, promise, scope).now()
    allowed = _record(names.BUDGET_ALLOWED, promise, scope).now()
    left = number(1) - spent / (allowed > number(0))
    every = _counted(EVERY, promise, scope)
    return (
        rule(names.BUDGET_SPENT, _counted(BAD, promise, scope), **labels),
        rule(names.BUDGET_ALLOWED, _with("*", every, promise.budget), **labels),
        rule(names.BUDGET_LEFT, left, **labels),
        rule(names.BUDGET_SECONDS_LEFT, _ends_in(spent, allowed, promise, scope), **labels),
    )


def _counted(part: str, promise: Promise, scope: Scope) -> Expr:
    """Sum a part's events over the days of the window; the latest days are fresher than their copies."""
    of_part = {names.PART: part}
    copies = call(
        "last_over_time", _record(names.BUDGET_DAYS, promise, scope).where(**of_part).over(_COPIES * COPIED)
    )
    fresh = _record(names.BUDGET_LATEST, promise, scope).where(**of_part).now()
    days = largest(fresh | copies, _DAYS)
    counted = summed(join("*", days, _weight(days, promise.window), _DAYS))
    return join("and", counted, summed(copies))


def _ends_in(spent: Expr, allowed: Expr, promise: Promise, scope: Scope) -> Expr:
    """Divide the rest by the pace of the last 24 hours, where more events are bad in them than the budget allows.

    That is both an even part of the window's budget, and the budget of their own events: the budget of a new service
    is still small, and grows with every event.
    """
    even = _with("/", summed(allowed) * number(DAY), promise.window)
    own = _with("*", _of_a_day(EVERY, promise, scope), promise.budget)
    left = summed(call("clamp_min", allowed - spent, number(0)))
    pace = join(">", join(">", _of_a_day(BAD, promise, scope), even), own)
    return join("/", left, pace) * number(DAY)


def _of_a_day(part: str, promise: Promise, scope: Scope) -> Expr:
    """Sum a part's events of the last 24 hours."""
    fresh = largest(_record(names.BUDGET_LATEST, promise, scope).where(**{names.PART: part}).now(), _DAYS)
    return summed(join("*", fresh, _weight(fresh, DAY), _DAYS))


def _new(promise: Promise, scope: Scope) -> Expr:
    """Count the events of one rule interval, for the services with an objective over a window."""
    signal = promise.signal
    bad, every = (
        labelled(scope.record(name).now(), names.PART, part)
        for part, name in ((BAD, names.part(signal, "errors_rate")), (EVERY, names.events_rate(signal)))
    )
    events = summed(bad | every, _PARTS) * number(scope.site.rule_interval)
    if isinstance(promise.window, int):
        return events
    return binary("and", events, promise.window, on=each())


def _weight(days: Expr, window: Expr | int) -> Expr:
    """Compute the part of each day within a window that ends now, from 0 to 1."""
    began = binary("+", number(0) * days, _calendar(), on=(names.DAY,), group_left=())
    inside = _with("+", began + number(DAY) - call("time"), window) / number(DAY)
    return call("clamp_max", call("clamp_min", inside, number(0)), number(1))


def _with(op: str, left: Expr, right: Expr | float) -> Expr:
    """Join with a number, or with each service's number."""
    return spread(op, left, right) if isinstance(right, Expr) else binary(op, left, number(right))


def _record(name: str, promise: Promise, scope: Scope) -> Series:
    return scope.record(name).where(**_labels(promise))


def _labels(promise: Promise) -> dict[str, str]:
    return {names.SIGNAL: promise.signal.name}


def _began_since(days: int) -> Expr:
    """Select the latest days, today included."""
    return Series(names.CALENDAR_LATEST).now() > call("time") - number(days * DAY)


def _calendar() -> Expr:
    return Series(names.CALENDAR).now()
