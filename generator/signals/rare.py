"""Rare events: bad ones and all of them over windows longer than the signal's own, for alerts on little traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Quantile, Share, Signal, divisor
from generator.model.units import duration
from generator.promql.expr import number
from generator.signals.events import Labels, long_window, rate_at
from generator.streams.scope import Scope, having, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule


def bad(signal: Signal, labels: Labels, window: int) -> str:
    """Name the bad events of a window in seconds at a level."""
    return names.part(signal, f"bad{duration(window)}", labels)


def every(signal: Signal, labels: Labels, window: int) -> str:
    """Name all events of a window in seconds at a level."""
    return names.part(signal, f"all{duration(window)}", labels)


def buckets(signal: Signal, labels: Labels, window: int) -> str:
    """Name the buckets of a quantile over a window in seconds at a level."""
    return every(signal, with_le(labels), window)


def with_le(labels: Labels) -> Labels:
    """Add the label of buckets to a level."""
    return tuple(sorted((*labels, names.LE)))


def sides(signal: Signal, labels: Labels, on: Labels, scope: Scope) -> Iterator[RecordingRule]:
    """Record bad events per second at ``labels``, and all events at ``on``, so that longer windows are cheap to sum.

    Of a quantile, for which the bad ones depend on the bound, these are the buckets.
    """
    of, kind = divisor(signal) or signal.of, signal.kind
    if isinstance(kind, Quantile):
        level = with_le(labels)
        yield rule(names.level_rate(of, level), summed(having(scope.stream(of), level).now(), level))
        return
    if not isinstance(kind, Share):
        yield rate_at(of, on, scope)
        yield rate_at(signal.of, labels, scope)
        return
    among = scope.stream(of).where(**kind.among)
    yield rule(names.events_rate(signal, on), summed(having(among, on).now(), on))
    rates = scope.record(names.events_rate(signal, on)).now()
    matching = summed(having(among.where(**kind.where), labels).now(), labels)
    filled = matching | number(0) * rates
    yield rule(_bad_rate(signal, labels), rates - filled if kind.good else filled)


def over(signal: Signal, labels: Labels, on: Labels, window: int, scope: Scope) -> Iterator[RecordingRule]:
    """Record the bad events and all events of a window in seconds; of a quantile, its buckets."""
    if isinstance(signal.kind, Quantile):
        rates = names.level_rate(signal.of, with_le(labels))
        yield rule(buckets(signal, labels, window), long_window(rates, window, scope))
        return
    all_rate = names.events_rate(signal, on)
    yield rule(bad(signal, labels, window), long_window(_bad_rate(signal, labels), window, scope))
    yield rule(every(signal, on, window), long_window(all_rate, window, scope))


def _bad_rate(signal: Signal, labels: Labels) -> str:
    if isinstance(signal.kind, Share):
        return names.part(signal, "errors_rate", labels)
    return names.level_rate(signal.of, labels)
