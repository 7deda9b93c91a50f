"""Tokens: for each event of another stream; each token counts once even where a provider counts it in two types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.streams import billed
from generator.signals.events import events
from generator.signals.ratio import common, divided

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.model.rules import RecordingRule
    from generator.model.signals import Signal, Tokens
    from generator.streams.scope import Scope


def records(signal: Signal, kind: Tokens, scope: Scope) -> Iterator[RecordingRule]:
    """Record both sides and the ratio."""
    for labels in signal.levels:
        yield events(kind.per, signal.window, common(labels, kind.per), scope)
        yield events(billed(signal.of), signal.window, labels, scope)
        yield divided(signal, labels, kind.per, scope)
