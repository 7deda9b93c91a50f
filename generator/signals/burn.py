"""Error budgets: bad events and their share over the windows of burn rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.promql.expr import number
from generator.signals import rare
from generator.signals.events import long_window
from generator.streams.scope import Scope, rule

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal


def sides(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record bad and all events per second of the whole service, so that days are cheap to sum."""
    return tuple(rare.sides(signal, (), (), scope))


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
