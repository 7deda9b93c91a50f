"""Distributions: the share of each value of a label in the events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model import names
from generator.model.signals import Better, Distribution, Signal
from generator.model.units import Unit
from generator.promql.expr import number
from generator.scenarios import Traffic, counter, merged
from generator.signals import usual
from generator.signals.draft import SourceDraft, refuse_label
from generator.signals.events import LabelNames, events
from generator.streams.scope import Scope, rule, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Findings
    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream
    from generator.scenarios import Fixture, Load
    from generator.signals.events import LabelNames
    from generator.spec.types import Entry, SignalSpec

KEY, KIND = "distribution", Distribution
reads = usual.reads


def check(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    """Refuse one that is better higher: shares of one whole cannot all be large."""
    label = signal.levels[0][0]
    if signal.better is Better.HIGHER:
        findings.error(
            "signal/better",
            f'"{signal.name}" is the share of each {label}: where one grows, others shrink; higher is not better',
            entry.key.span,
            "leave better out; for one value that should be frequent, write a share: "
            f"share: {{of: {signal.of.known_as}, where: {{{label}: <the value>}}}}",
        )


def resolve(draft: SourceDraft) -> Distribution | None:
    """Find the label, and the values of it that are limits."""
    source, metric, scope = draft.source, draft.of, draft.scope
    if source.label and source.label.value in metric.labels:
        name = source.label.value
        declared = scope.labels[name].limits if name in scope.labels else ()
        return Distribution(name, tuple(limit.value for limit in source.limits) or declared)
    if source.label:
        refuse_label(metric, source.label.value, source.label.span, draft.findings)
    return None


def unit(_kind: Distribution, _stream: Stream) -> Unit:
    """Use shares of 1."""
    return Unit.RATIO


def levels_by(kind: Distribution) -> LabelNames:
    """Keep the label in all breakdowns."""
    return (kind.label,)


def records(signal: Signal, kind: Distribution, scope: Scope) -> Iterator[RecordingRule]:
    """Record the events by the label, and each value's share of those at the level around it."""
    for labels in signal.levels:
        around = counted_at(kind, labels)
        yield events(signal.of, signal.window, labels, scope)
        yield events(signal.of, signal.window, around, scope)
        part, every = (
            scope.record(names.increase(signal.of, level, signal.window)) for level in (labels, around)
        )
        yield rule(names.value(signal, labels), spread("/", part.now(), every.now() > number(0), around))


def load(signal: Signal, kind: Distribution, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make events of one value, and of another that is no limit."""
    value = min(1.0, value)
    named = traffic.labels.get(kind.label, (*kind.limits, *fixture.values_of(kind.label))[0])
    rest = next(
        (one for one in fixture.values_of(kind.label) if one not in {named, *kind.limits}), f"not-{named}"
    )
    matching = Traffic(traffic.events * value, {**traffic.labels, kind.label: named})
    others = Traffic(traffic.events * (1 - value), {**traffic.labels, kind.label: rest})
    return merged(counter(signal.of, matching, fixture), counter(signal.of, others, fixture))


def counted_at(kind: Distribution, labels: LabelNames) -> LabelNames:
    """Count all events at the level around the label."""
    return tuple(label for label in labels if label != kind.label)
