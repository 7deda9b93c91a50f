"""Tokens for each event of another stream; each token counts once even where a provider counts it in two types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.signals import Signal, Tokens
from generator.model.streams import MODEL, TOKEN_TYPE, Stream, billed
from generator.model.units import Unit
from generator.signals import usual
from generator.signals.events import events
from generator.signals.ratio import common, divided, load_per

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.diagnostics import Findings
    from generator.model.rules import RecordingRule
    from generator.scenarios import Fixture, Load, Traffic
    from generator.signals.draft import SourceDraft
    from generator.signals.events import LabelNames
    from generator.spec.types import Entry, SignalSpec, SourceSpec
    from generator.streams.scope import Scope

KEY, KIND = "tokens", Tokens
levels_by = usual.levels_by


def resolve(draft: SourceDraft) -> Tokens | None:
    """Find the divisor."""
    per = draft.per()
    return Tokens(per) if per else None


def check(entry: Entry[SignalSpec], signal: Signal, findings: Findings) -> None:
    """Check that the tokens are those of the price list."""
    if source := entry.value.tokens:
        check_counter(source, signal.of, findings)


def check_counter(source: SourceSpec, of: Stream, findings: Findings) -> None:
    """Check that a stream counts tokens by the labels of the price list."""
    wanted = [label for label in (MODEL, TOKEN_TYPE) if label not in of.labels]
    if of.is_histogram or wanted:
        lack = "is a histogram" if of.is_histogram else f"has no label {' and no label '.join(wanted)}"
        findings.error(
            "signal/token-metric",
            f'"{of.known_as}" {lack}: tokens are counted by model and type',
            source.of.span,
            f"choose a counter of tokens with the labels {MODEL} and {TOKEN_TYPE}; where a source has "
            "other labels or values, let it feed the stream token_usage of its profile, which gives them these names: "
            "streams: {token_usage: {of: ..., labels: {model: ..., token_type: ...}}}",
        )


def unit(_kind: Tokens, _stream: Stream) -> Unit:
    """Use plain numbers."""
    return Unit.COUNT


def reads(signal: Signal, kind: Tokens) -> Iterator[Stream]:
    """List the tokens that count, and the divisor."""
    yield billed(signal.of)
    yield kind.per


def records(signal: Signal, kind: Tokens, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides and the ratio."""
    for labels in signal.levels:
        yield events(kind.per, signal.window, common(labels, kind.per), scope)
        yield events(billed(signal.of), signal.window, labels, scope)
        yield divided(signal, labels, kind.per, scope)


def load(signal: Signal, kind: Tokens, value: float, traffic: Traffic, fixture: Fixture) -> Load:
    """Make tokens, and events of the divisor."""
    return load_per(signal, kind.per, value, traffic, fixture)


def counted_at(kind: Tokens, labels: LabelNames) -> LabelNames:
    """Count the divisor's events at the labels that it has."""
    return common(labels, kind.per)
