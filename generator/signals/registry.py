"""The kinds of signals; a new kind is a module with ``records``, and a line here.

A ratio of any kind is three records: its numerator, its denominator, and the value, which divides the two; a quantile
is the last two. Alerts read the parts to know the number of events behind a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from generator.model.signals import Cost, Count, Distribution, Level, Quantile, Ratio, Share, Signal, Tokens
from generator.signals import cost, count, distribution, level, quantile, ratio, share, tokens

if TYPE_CHECKING:
    from generator.model.rules import RecordingRule
    from generator.streams.scope import Scope


def records(signal: Signal, scope: Scope) -> tuple[RecordingRule, ...]:
    """Record a signal at every level, parts before values."""
    match signal.kind:
        case Count():
            rules = count.records(signal, signal.kind, scope)
        case Share():
            rules = share.records(signal, signal.kind, scope)
        case Ratio():
            rules = ratio.records(signal, signal.kind, scope)
        case Tokens():
            rules = tokens.records(signal, signal.kind, scope)
        case Cost():
            rules = cost.records(signal, signal.kind, scope)
        case Quantile():
            rules = quantile.records(signal, signal.kind, scope)
        case Distribution():
            rules = distribution.records(signal, signal.kind, scope)
        case Level():
            rules = level.records(signal, signal.kind, scope)
        case _:
            assert_never(signal.kind)
    return tuple(rules)
