"""Longer windows, for events that are too rare for the signal's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.alerts import condition
from generator.alerts.condition import InputSeries
from generator.model import names
from generator.model.alerts import MIN_EVENTS
from generator.model.signals import Share, Signal, counts_bad, divisor, numerator_stream
from generator.model.units import duration
from generator.notation.times import window
from generator.promql.expr import number
from generator.signals.events import all_name, bad_name, long_window, rate_at
from generator.streams.scope import over_window, rule, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.alerts.condition import Ground
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


def than(signal: Signal, *windows: int) -> tuple[int, ...]:
    """Sort the windows, in seconds, that are longer than the signal's own."""
    return tuple(sorted({window for window in windows if window > signal.window}))


def is_mean(signal: Signal) -> bool:
    """Whether a signal is an amount for each event, such as the cost per run, where no event is bad by itself."""
    return divisor(signal) is not None and not isinstance(signal.kind, Share) and not counts_bad(signal)


def input_series(alert: Alert, longer: int, ground: Ground) -> InputSeries:
    """Select the inputs of an alert over a longer window in seconds, as ``condition.input_series`` does."""
    signal, own, scope = ground.signal(alert), condition.input_series(alert, ground), ground.scope
    amounts = scope.record(bad_name(signal, own.each, longer))
    events = scope.record(all_name(signal, own.on, longer))
    amounts = amounts.where(**condition.watched(alert))
    return InputSeries(recent(alert, longer, ground), amounts, events, own.each, own.on)


def recent(alert: Alert, seconds: int, ground: Ground) -> Series:
    """Select the value over a longer window, or over its last part."""
    signal, own = ground.signal(alert), condition.input_series(alert, ground)
    return ground.scope.record(_mean(signal, own.each, seconds)).where(**condition.watched(alert))


def decided(alert: Alert, ground: Ground) -> Expr:
    """Find where the signal's own window holds enough events."""
    parts = condition.input_series(alert, ground)
    return condition.enough(
        parts.value.now(), parts.denominator.now(), ground.floor(alert, MIN_EVENTS), parts.on
    )


def rules(alert: Alert, longer: int, last: int, ground: Ground) -> Iterator[RecordingRule]:
    """Record the events of the longer window, and the value there and in its last part; bad events by themselves.

    Of a distribution with limits, only these are recorded.
    """
    signal, own, scope = ground.signal(alert), condition.input_series(alert, ground), ground.scope
    of, per = numerator_stream(signal), divisor(signal) or signal.of
    yield rate_at(of, own.each, scope)
    yield rate_at(per, own.on, scope)
    amounts, events = names.level_rate(of, own.each), names.level_rate(per, own.on)
    rates, limits = scope.record(amounts), condition.limits_of(alert, signal)
    if alert.by and limits:
        rates = rates.one_of(alert.by, limits)
    amount, every = over_window(rates, longer, scope.site), all_name(signal, own.on, longer)
    yield rule(every, long_window(events, longer, scope))
    if counts_bad(signal):
        bad = bad_name(signal, own.each, longer)
        yield rule(bad, amount)
        amount = scope.record(bad).now()
    for seconds, part, whole in (
        (last, over_window(rates, last, scope.site), long_window(events, last, scope)),
        (longer, amount, scope.record(every).now()),
    ):
        yield rule(_mean(signal, own.each, seconds), spread("/", part, whole > number(0), own.on))


def _mean(signal: Signal, labels: tuple[str, ...], seconds: int) -> str:
    return names.part(signal, f"mean{duration(seconds)}", labels)
