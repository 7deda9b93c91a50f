"""Error budgets: bad events and their share over the windows of burn rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Share
from generator.promql.expr import number
from generator.signals.events import long_window, rate_at
from generator.streams.scope import rule, summed

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal
    from generator.streams.scope import Scope


def sides(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record bad and all events per second of the whole service, so that days are cheap to sum."""
    every = scope.record(names.events_rate(signal)).now()
    kind = signal.kind
    among = kind.among if isinstance(kind, Share) else {}
    found = scope.stream(signal.of).where(**among)
    matching = summed(found.where(**kind.where).now()) if isinstance(kind, Share) else every
    filled = matching | number(0) * every
    good = isinstance(kind, Share) and kind.good
    return (
        rule(names.events_rate(signal), summed(found.now())) if among else rate_at(signal.of, (), scope),
        rule(names.part(signal, "errors_rate"), every - filled if good else filled),
    )


def over(signal: Signal, window: int, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record the bad events of a window and their share: sums over sums, never an average of ratios.

    Days are summed once for each side: the share reads the bad events that have just been recorded.
    """
    errors = names.windowed(signal, "errors", window)
    every = long_window(names.events_rate(signal), window, scope)
    share = scope.record(errors).now() / (every > number(0))
    return (
        rule(errors, long_window(names.part(signal, "errors_rate"), window, scope)),
        rule(names.windowed(signal, "error_ratio", window), share),
    )
