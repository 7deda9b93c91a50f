"""Shares: the part of events that match."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from generator.diagnostics.wording import did_you_mean, listed
from generator.model import names
from generator.model.signals import Better, Share, Signal
from generator.model.streams import ERROR_CLASS, STATUS, STOP_REASON
from generator.model.units import Unit
from generator.promql.expr import number
from generator.scenarios import Traffic, counter, merged
from generator.signals import usual
from generator.signals.draft import SourceDraft, refuse_label
from generator.signals.events import events, with_all_labels
from generator.streams.scope import Scope, having, rule, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.model.metrics import Label
    from generator.model.rules import RecordingRule
    from generator.model.streams import Stream
    from generator.scenarios import Fixture, Load
    from generator.spec.types import Text

KEY, KIND = "share", Share
reads, levels_by, check, counted_at = usual.reads, usual.levels_by, usual.check, usual.counted_at
#: Labels with the outcome of an event.
_OUTCOMES = frozenset({STATUS, STOP_REASON, ERROR_CLASS, "reason"})


def resolve(draft: SourceDraft) -> Share:
    """Read the matching events, and those that they are a share of."""
    source = draft.source
    for item in (*source.where, *source.among):
        label = draft.label(item.key.value)
        if label is None:
            refuse_label(draft.of, item.key.value, item.key.span, draft.findings)
        elif label.values and item.value.value not in label.values:
            draft.findings.error(
                "reference/unknown-value",
                f'label "{label.name}" has no value "{item.value.value}"',
                item.value.span,
                _instead_of(item.value.value, label.values) or did_you_mean(item.value.value, label.values),
            )
    wanted = {item.key.value: item.value for item in source.where}
    among = {item.key.value: item.value for item in source.among}
    _check_sides(draft)
    _check_together(among | wanted, draft)
    where, rest = ({name: text.value for name, text in each.items()} for each in (wanted, among))
    return Share(where, draft.better is Better.HIGHER, rest)


#: What negates a value in PromQL and elsewhere.
_NOT = re.compile(r"(?:!=?|<>|\bnot\b)\s*", re.IGNORECASE)


def _instead_of(value: str, values: tuple[str, ...]) -> str:
    """List the other values where all but one are meant: the one that is named would be the opposite."""
    negated = _NOT.match(value)
    others = [each for each in values if negated and each != value[negated.end() :]]
    choice = "one of " if len(others) > 1 else ""
    return f"it picks one value, and excludes none: write {choice}{listed(others)}" if others else ""


def _check_sides(draft: SourceDraft) -> None:
    """Refuse a share of all events that selects an outcome: it would vary with the number of other outcomes."""
    source = draft.source
    inside = {item.key.value for item in source.among}
    for item in source.where:
        if item.key.value in inside:
            draft.findings.error(
                "signal/mixed-share",
                f'"{item.key.value}" is under where and under among: all counted events would match',
                item.key.span,
                "leave it under one of them",
            )
    ends = {name for name in draft.of.labels if _is_outcome(name, draft.scope.labels)}
    others = [item for item in source.where if item.key.value not in ends]
    if not others or len(others) == len(source.where) or source.among:
        return
    listed_ = ", ".join(f"{item.key.value}: {item.value.value}" for item in others)
    outcome = ", ".join(
        f"{item.key.value}: {item.value.value}" for item in source.where if item.key.value in ends
    )
    draft.findings.error(
        "signal/mixed-share",
        f"this divides by all events, not by those with {listed_}",
        others[0].key.span,
        "name the events that it is a share of: "
        f"share: {{of: {source.of.value}, where: {{{outcome}}}, among: {{{listed_}}}}}",
    )


def _is_outcome(name: str, labels: Mapping[str, Label]) -> bool:
    """Whether a label is the outcome of an event rather than its owner."""
    label = labels.get(name)
    determined = {one.determines for one in labels.values() if one.determines}
    return name in _OUTCOMES or name in determined or bool(label and label.determines)


def _check_together(wanted: Mapping[str, Text], draft: SourceDraft) -> None:
    """Refuse values that no event has together, since one of them determines another value."""
    for name, value in wanted.items():
        label = draft.label(name)
        other = wanted.get(label.determines or "") if label else None
        implied = label.determined.get(value.value) if label else None
        if label and other and implied and implied != other.value:
            draft.findings.error(
                "signal/never-true",
                f"nothing has {name} {value.value} and {label.determines} {other.value}: {value.value} means "
                f"{label.determines} {implied}",
                other.span,
                f"write {label.determines}: {implied}, or leave one of the two out",
            )


def unit(_kind: Share, _stream: Stream) -> Unit:
    """Use shares of 1."""
    return Unit.RATIO


def records(signal: Signal, kind: Share, scope: Scope) -> Iterator[RecordingRule]:
    """Record matching events and all events, and the share of the former in the latter."""
    for labels in signal.levels:
        every = scope.record(names.denominator(signal, labels)).now()
        among = having(with_all_labels(signal.of, signal.window, scope).where(**kind.among), labels)
        matching = among.where(**kind.where)
        yield (
            rule(names.denominator(signal, labels), summed(among.now(), labels))
            if kind.among
            else events(signal.of, signal.window, labels, scope)
        )
        # Without a matching event there is no series; the value is then 0, as long as there are events with the label:
        # for runs without a status the number of failures is unknown.
        counted = summed(having(among, kind.where).now(), labels) if scope.shared else every
        yield rule(names.numerator(signal, labels), summed(matching.now(), labels) | number(0) * counted)
        part = scope.record(names.numerator(signal, labels)).now()
        yield rule(names.value(signal, labels), part / (every > number(0)))


def load(signal: Signal, kind: Share, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make matching events and others."""
    value, labels = min(1.0, value), {**traffic.labels, **kind.among}
    name, matched = next(iter(kind.where.items()))
    rest = next((other for other in fixture.values_of(name) if other != matched), f"not-{matched}")
    matching = Traffic(traffic.events * value, {**labels, **kind.where})
    others = Traffic(traffic.events * (1 - value), {**labels, name: rest})
    return merged(counter(signal.of, matching, fixture), counter(signal.of, others, fixture))
