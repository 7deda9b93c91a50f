"""Quantiles: from buckets that are summed first, never from other quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import aggregate, call, number
from generator.signals.events import events, whole
from generator.streams.scope import each, having, join, largest, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Quantile, Signal
    from generator.streams.scope import Scope


def records(signal: Signal, kind: Quantile, scope: Scope) -> Iterator[RecordingRule]:
    """Record the observations, and the quantile where there are any."""
    buckets = whole(signal.of, signal.window, scope)
    for labels in signal.levels:
        yield events(signal.of, signal.window, labels, scope)
        filled = summed(having(buckets, labels).now(), tuple(sorted((*labels, names.LE))))
        found = call("histogram_quantile", number(kind.q), filled)
        seen = scope.record(names.denominator(signal, labels)).now() > number(0)
        yield rule(names.value(signal, labels), join("and", found, seen, labels))


def overflow(signal: Signal, scope: Scope) -> RecordingRule:
    """Record the share of observations beyond the last bucket, where a quantile is stuck at its bound.

    Buckets count all that lies below them, so that the last one holds the most.
    """
    finite = whole(signal.of, signal.window, scope).where("!=", **{names.LE: "+Inf"}).now()
    inside = largest(aggregate("sum", finite, each((names.LE,))))
    every = scope.record(names.denominator(signal)).now()
    return rule(names.part(signal, "overflow"), number(1) - inside / (every > number(0)))
