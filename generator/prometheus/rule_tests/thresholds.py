"""Test cases of thresholds on a window, of money in a window, and of what lies beyond a histogram's last bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.threshold import UNUSUAL, USUALLY
from generator.model.signals import Better, Cost, Count, Distribution, Level, Quantile, Ratio, Share, divisor
from generator.model.streams import RUN_LATENCY, cost
from generator.model.units import DAY, HOUR, MINUTE
from generator.prometheus.rule_tests.loads import (
    Traffic,
    beyond_last,
    counter,
    load_of,
    share_beyond,
    tokens_for,
)
from generator.prometheus.rule_tests.subject import MARGIN, PLENTY, SLACK, Subject, around, worst
from generator.prometheus.rule_tests.timeline import idle, merged
from generator.signals.forecast import PACE
from generator.signals.quantile import UNKNOWN_LENGTH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from generator.model.alerts import Forecast, Overflow, Threshold
    from generator.model.signals import Signal
    from generator.prometheus.rule_tests.timeline import Load, TestCase


class Scale(Struct, frozen=True):
    """Values of a signal to try a bound with, and the load of a value at a number of events a second.

    ``worst`` is far beyond the bound; ``excess`` says how many bad events more than the bound allows each event
    brings there and just beyond the bound, None where an alert counts none.
    """

    beyond: float
    inside: float
    worst: float
    excess: tuple[float | None, float | None]
    load: Callable[[float, float], Load]


def threshold(kind: Threshold, subject: Subject) -> Iterator[TestCase]:
    """Stand on either side of the bound, and of the fewest events that say anything."""
    signal, bound = subject.signal, subject.tier.bound
    if isinstance(signal.kind, Cost) and signal.kind.per is None:
        yield from _spent(subject, bound, signal.window)
        return
    beyond, inside = around(signal, bound)
    far, labels = worst(signal, bound), subject.labels
    scale = Scale(
        beyond,
        inside,
        far,
        (_excess(signal, far, bound), _excess(signal, beyond, bound)),
        lambda value, events: load_of(signal, value, Traffic(events, labels), subject),
    )
    yield from _around(scale, subject)
    if kind.unfinished:
        yield from _unfinished(subject)


def overflow(_kind: Overflow, subject: Subject) -> Iterator[TestCase]:
    """Put just more, and just less, than the bound beyond the last bucket."""
    bound, of = subject.tier.bound, subject.signal.of
    beyond, inside = min(bound * (1 + MARGIN), (bound + 1) / 2), bound * (1 - MARGIN)
    yield from _around(
        Scale(
            beyond,
            inside,
            1.0,
            (1 - bound, beyond - bound),
            lambda value, events: beyond_last(of, value, Traffic(events, {}), subject.fixture),
        ),
        subject,
    )


def forecast(_kind: Forecast, subject: Subject) -> Iterator[TestCase]:
    """Without a yesterday the pace of 6 hours stands for all 24."""
    yield from _spent(subject, subject.tier.bound / 4, PACE)


def _excess(signal: Signal, value: float, bound: float) -> float | None:
    """Say how many bad events more than the bound allows each event brings at a value; None where none are counted."""
    if isinstance(signal.kind, Share):
        return bound - value if signal.better is Better.HIGHER else value - bound
    if isinstance(signal.kind, Quantile):
        edge = max((edge for edge in signal.of.buckets if edge <= bound * (1 + 1e-9)), default=0.0)
        return share_beyond(signal.of, signal.kind.q, value, edge) - (1 - signal.kind.q)
    counted = isinstance(signal.kind, Distribution) or (isinstance(signal.kind, Ratio) and signal.of.sparse)
    return value - bound if counted else None


def _around(scale: Scale, subject: Subject) -> Iterator[TestCase]:
    alert, signal = subject.alert, subject.signal
    window, plenty = signal.window, _plenty(scale, subject)
    inside, beyond = (scale.load(value, plenty) for value in (scale.inside, scale.beyond))
    none, full = idle(inside), window + alert.for_
    yield subject.case(
        "fires just beyond its bound",
        subject.timeline.then(full, inside)
        .quiet("silent just inside its bound")
        .then(full, beyond)
        .fires("fires just beyond its bound", value=scale.beyond)
        .then(window + subject.keep, inside)
        .silent("resolves"),
    )
    if isinstance(signal.kind, Count | Level):
        return
    waiting = subject.timeline.then(full, none).quiet("silent without traffic")
    far = scale.load(scale.worst, PLENTY)
    # What is an amount and no ratio passes the bound when more than a tenth of the window is full of ten times it.
    is_amount = isinstance(signal.kind, Cost) and divisor(signal) is None
    tenth = window // 10 // subject.interval * subject.interval if is_amount else 0
    yield subject.case(
        "fires after its for and for as long as it must",
        subject.fires_and_resolves(
            waiting, far, idle(far), true_after=tenth + subject.interval, false_after=window - tenth
        ),
    )
    yield from _floors(scale, subject, full)


def _plenty(scale: Scale, subject: Subject) -> float:
    """Choose so many events a second that just beyond the bound there are bad events enough."""
    each = scale.excess[1]
    enough = 10 * subject.alert.min_bad_events / each if each else 0
    return max(PLENTY, enough / subject.signal.window)


def _floors(scale: Scale, subject: Subject, full: int) -> Iterator[TestCase]:
    """Have an event too few, and just enough: where all that happens is bad, and where just too much is."""
    alert, window = subject.alert, subject.signal.window
    for value, bad, what in (
        (scale.worst, scale.excess[0], "events"),
        (scale.beyond, scale.excess[1], "bad events"),
    ):
        needed = alert.min_bad_events / bad if bad else 0.0
        if what == "events" and alert.min_events >= needed:
            few, enough = alert.min_events - 1.0, float(alert.min_events)
        elif needed > alert.min_events + 1 and bad:
            few, enough = (alert.min_bad_events - 1) / bad, (alert.min_bad_events + 0.1) / bad
        else:
            continue
        if enough > 0:
            yield subject.case(
                f"needs enough {what}",
                subject.timeline.then(full, scale.load(value, few / window))
                .quiet("silent with one too few")
                .then(full, scale.load(value, enough / window))
                .fires("fires with just enough"),
            )


def _unfinished(subject: Subject) -> Iterator[TestCase]:
    """Go on without ever finishing a run: what the fewest runs would be allowed, and a little more."""
    alert, signal = subject.alert, subject.signal
    full = signal.window + alert.for_
    few = max(alert.min_events, 1)

    def looping(part: float) -> Load:
        calls = subject.tier.bound * few / signal.window * part
        return counter(signal.of, Traffic(calls, subject.labels), subject.fixture)

    yield subject.case(
        "fires while no run finishes",
        subject.timeline.then(full + UNKNOWN_LENGTH, looping(1 - MARGIN))
        .quiet("silent just inside its bound")
        .then(full, looping(1 + MARGIN))
        .fires("fires just beyond its bound"),
    )
    # Twice the calls that the bound allows the fewest runs, of forty times as many: these leave the window soon.
    usual = load_of(
        signal, subject.tier.bound / 20, Traffic(40 * few / signal.window, subject.labels), subject
    )
    before = subject.timeline.then(USUALLY + signal.window, usual).quiet("silent while runs finish")
    ordinary = before.then(full, looping(2 * UNUSUAL * (1 - MARGIN))).quiet(
        "silent on little more than usual"
    )
    yield subject.case("silent on little more than usual", ordinary)
    lasting = before.then(USUALLY + full + HOUR // 4, looping(2 * UNUSUAL * (1 + MARGIN)))
    for after in range(full, USUALLY + full, 5 * MINUTE):
        lasting = lasting.fires("fires for as long as it lasts", after)
    yield subject.case("fires on far more than usual for as long as it lasts", lasting)
    yield from _long_runs(subject, looping(10))


def _long_runs(subject: Subject, looping: Load) -> Iterator[TestCase]:
    """Begin the day of runs that last longer than the largest bucket tells: none has ended for as long."""
    timed = next((one for one in subject.fixture.streams.values() if one.name == RUN_LATENCY), None)
    if timed is None or not timed.is_histogram:
        return
    long = beyond_last(timed, 1.0, Traffic(1.0, {}), subject.fixture)
    night = subject.timeline.then(HOUR, long).then(HOUR, idle(long))
    last = UNKNOWN_LENGTH + int(timed.buckets[-1])
    morning = night.then(last - subject.interval, looping).quiet("silent for as long as runs last")
    lasting = morning.then(subject.alert.for_ + 2 * subject.interval, looping)
    yield subject.case("silent before the first of long runs can end", morning)
    yield subject.case("fires when long runs do not end", lasting.fires("fires later"))
    few = Traffic(2 * max(subject.alert.min_events, 1) / subject.signal.window, {})
    ending = merged(looping, counter(subject.fixture.runs, few, subject.fixture))
    first = (
        night.then(HOUR // 4, looping).then(last - subject.interval, ending).quiet("silent as the first end")
    )
    settled = first.then(subject.alert.for_ + 2 * subject.interval, ending)
    yield subject.case(
        "fires when calls are still too many after the first long runs", settled.fires("fires later")
    )


def _spending(usd: float, subject: Subject) -> Load:
    """Spend so many USD a second."""
    fixture, of = subject.fixture, subject.signal.of
    if subject.every == 1:
        return counter(of, Traffic(tokens_for(usd, fixture), {}), fixture)
    return counter(cost(of), Traffic(usd, {}), fixture)


def _spent(subject: Subject, usd: float, window: int) -> Iterator[TestCase]:
    """Spend just under a bound at once, then a little more; all is forgotten when its window is over."""
    subject = subject.over(DAY)
    alert, step = subject.alert, subject.interval
    under, rest = (_spending(usd * part / step, subject) for part in (1 - MARGIN, 2 * MARGIN))
    none = idle(under)
    timeline = (
        subject.timeline.then(MINUTE, none)
        .then(step, under)
        .then(alert.for_ + SLACK, none)
        .quiet("silent just inside its bound")
        .then(step, rest)
        .then(alert.for_, none)
    )
    if alert.for_ >= step:
        timeline = timeline.silent("not before its for", alert.for_ - step)
    timeline = timeline.fires("fires just beyond its bound", value=subject.tier.bound * (1 + MARGIN))
    # The larger part was spent in the second interval, so that is when the sum falls.
    left = window + 2 * step - timeline.seconds
    timeline = timeline.then(max(left, 0) + subject.keep + SLACK, none)
    yield subject.case("fires when just more than its bound is spent", timeline.silent("resolves"))
