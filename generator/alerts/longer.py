"""Longer windows, for events that are too rare for the signal's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts import condition
from generator.model import names
from generator.model.alerts import MIN_EVENTS
from generator.model.signals import Share, Signal, counts_bad, divisor, numerator_stream
from generator.model.units import duration
from generator.notation.times import window
from generator.promql.expr import number
from generator.signals.events import all_name, long_window, rate_at
from generator.streams.scope import rule, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground, InputSeries
    from generator.alerts.draft import SignalDraft
    from generator.model.alerts import Alert
    from generator.model.rules import RecordingRule
    from generator.promql.expr import Expr, Series


def also_over(about: SignalDraft, floor: str, lacks: str, way_out: str) -> int:
    """Read the longer window of an alert, in seconds; 0 without one.

    Args:
        about: The alert as it is written.
        floor: The key of the fewest events, without which the longer window has no effect.
        lacks: What the signal lacks for a longer window; empty if nothing.
        way_out: The signals that have it.
    """
    written, signal, findings = about.body.also_over, about.signal, about.findings
    if written is None:
        return 0
    also = window(written, 0, about.scope.site, findings)
    fewest = about.spec.min_events if floor == MIN_EVENTS else about.spec.min_bad_events
    if lacks:
        findings.error(
            "alert/signal-kind",
            f'"{signal.name}" {lacks}',
            written.span,
            f"leave also_over out; {way_out}",
        )
    elif not (fewest and fewest.value):
        if not about.scope.is_own(written):
            return 0
        findings.error(
            "alert/no-events",
            f"{about.name} would ignore also_over: it has no {floor}",
            written.span,
            f"write {floor}: 5 beside it, or leave also_over out",
        )
    elif also and also < 2 * signal.window:
        findings.error(
            "unit/window",
            f"also_over is {duration(also)}, less than twice {signal.name}'s own window, "
            f"{duration(signal.window)}",
            written.span,
            f"look back over at least {duration(2 * signal.window)}; 3h suits most",
        )
    return also


def last_quarter(longer: int, signal: Signal, interval: int) -> int:
    """Return the seconds whose events show that an incident has eased: a quarter of the longer window."""
    return max(signal.window, longer // 4 // interval * interval)


class LongerMean(Struct, frozen=True):
    """The recorded mean of a longer window, the mean of its last part, and the events of the whole window."""

    value: Series
    recent: Series
    events: Series


def is_mean(signal: Signal) -> bool:
    """Whether a signal is an amount for each event, such as the cost per run, and no event is bad by itself."""
    return divisor(signal) is not None and not isinstance(signal.kind, Share) and not counts_bad(signal)


def longer_mean(alert: Alert, longer: int, last: int, ground: Ground) -> LongerMean:
    """Select the records of a longer window and of its last part, both in seconds."""
    signal, parts, scope = ground.signal(alert), condition.input_series(alert, ground), ground.scope
    only = {alert.by: alert.only} if alert.by and alert.only else {}
    value, lately = (scope.record(_mean(signal, parts, one)).where(**only) for one in (longer, last))
    return LongerMean(value, lately, scope.record(all_name(signal, parts.on, longer)))


def decided(alert: Alert, ground: Ground) -> Expr:
    """Find where the signal's own window holds enough events."""
    parts = condition.input_series(alert, ground)
    return condition.enough(
        parts.value.now(), parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on
    )


def mean_rules(alert: Alert, longer: int, last: int, ground: Ground) -> Iterator[RecordingRule]:
    """Record the events and the mean of the longer window, and of its last part."""
    signal, parts, scope = ground.signal(alert), condition.input_series(alert, ground), ground.scope
    of, per = numerator_stream(signal), divisor(signal) or signal.of
    yield rate_at(of, parts.each, scope)
    yield rate_at(per, parts.on, scope)
    amounts, events = names.level_rate(of, parts.each), names.level_rate(per, parts.on)
    yield rule(all_name(signal, parts.on, longer), long_window(events, longer, scope))
    for seconds in (last, longer):
        some = long_window(events, seconds, scope) > number(0)
        mean = spread("/", long_window(amounts, seconds, scope), some, parts.on)
        yield rule(_mean(signal, parts, seconds), mean)


def _mean(signal: Signal, parts: InputSeries, seconds: int) -> str:
    return names.part(signal, f"mean{duration(seconds)}", parts.each)
