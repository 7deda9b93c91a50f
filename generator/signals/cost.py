"""Costs: the estimated USD of tokens, for each event of another stream, at a pace, or in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Cost, Count, Kind, Signal
from generator.model.streams import TOKEN_TYPE, Stream, cost
from generator.model.units import Unit, parse_duration
from generator.notation.times import DEFAULT_WINDOW, seconds
from generator.promql.expr import number
from generator.scenarios import Traffic, counter, merged, tokens_for
from generator.signals import ratio, tokens, usual
from generator.signals.events import count_at, events
from generator.signals.ratio import common, divided
from generator.streams.scope import Scope, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Findings
    from generator.model.rules import RecordingRule
    from generator.scenarios import Fixture, Load
    from generator.signals.draft import SourceDraft
    from generator.signals.events import LabelNames
    from generator.spec.types import Entry, SignalSpec

KEY, KIND = "cost", Cost
levels_by = usual.levels_by


def resolve(draft: SourceDraft) -> Kind | None:
    """Read the cost from tokens and their prices, or as it is counted."""
    return _spent(draft) if draft.of.counts_usd else _priced(draft)


def _spent(draft: SourceDraft) -> Kind | None:
    """Read the cost from a counter of USD, which needs no prices."""
    source, scope = draft.source, draft.scope
    if source.per is None:
        return Count()
    if source.per.value in scope.streams or not parse_duration(source.per.value):
        return ratio.resolve(draft)
    scope.findings.error(
        "signal/token-metric",
        f'"{source.of.value}" counts USD itself: no tokens are priced at a pace',
        source.per.span,
        f"leave per out and write window: {source.per.value}, for the USD of that time",
    )
    return None


def _priced(draft: SourceDraft) -> Kind | None:
    """Price tokens: for each event, at a pace, or in the window."""
    source, scope = draft.source, draft.scope
    if source.per is None:
        return Cost(None)
    if source.per.value not in scope.streams and parse_duration(source.per.value):
        return Cost(seconds(source.per, DEFAULT_WINDOW, scope.findings))
    per = draft.per()
    return Cost(per) if per else None


def check(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    """Check that tokens have prices, and that a cost is not broken down by a label that it is summed over."""
    spec = entry.value
    if spec.cost is None:
        return
    tokens.check_counter(spec.cost, signal.of, findings)
    for label in spec.by:
        if label.value == TOKEN_TYPE:
            findings.error(
                "signal/cost-by",
                f'"{signal.name}" is summed over token types and cannot be broken down by them',
                label.span,
                f"leave {label.value} out; signals of tokens can be broken down by it",
            )


def unit(_kind: Cost, _stream: Stream) -> Unit:
    """Use USD."""
    return Unit.USD


def reads(signal: Signal, kind: Cost) -> Iterator[Stream]:
    """List the cost, and the divisor if it is divided."""
    yield cost(signal.of)
    if isinstance(kind.per, Stream):
        yield kind.per


def records(signal: Signal, kind: Cost, scope: Scope) -> Iterator[RecordingRule]:
    """Record the amount, or the amount for each event."""
    for labels in signal.levels:
        if isinstance(kind.per, Stream):
            yield events(kind.per, signal.window, common(labels, kind.per), scope)
            yield events(cost(signal.of), signal.window, labels, scope)
            yield divided(signal, labels, kind.per, scope)
        else:
            amount = count_at(cost(signal.of), signal.window, labels, scope)
            paced = amount if kind.per is None else amount * number(kind.per / signal.window)
            yield rule(names.value(signal, labels), paced)


def load(signal: Signal, kind: Cost, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Spend an amount for each event of the divisor, or at that pace where the signal is not divided."""
    spent = tokens_for(value, fixture)
    if isinstance(kind.per, Stream):
        amount = counter(signal.of, Traffic(traffic.events * spent, traffic.labels), fixture)
        return merged(amount, counter(kind.per, traffic, fixture))
    return counter(signal.of, Traffic(spent / (kind.per or signal.window), traffic.labels), fixture)


def counted_at(kind: Cost, labels: LabelNames) -> LabelNames:
    """Count the divisor's events, if any, at the labels that it has."""
    return common(labels, kind.per) if isinstance(kind.per, Stream) else ()
