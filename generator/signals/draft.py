"""Signals while they are resolved: the source as it is written, and the objects that it may refer to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import did_you_mean
from generator.notation.names import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings, Span
    from generator.model.metrics import Label
    from generator.model.service import Site
    from generator.model.signals import Better
    from generator.model.streams import Stream
    from generator.spec.types import SourceSpec


class SignalScope(Struct, frozen=True):
    """The objects that signals may refer to, and the list of findings.

    Streams are found by their own names, and by those of their metrics for signals of a profile or a service. In a
    ``partial`` scope a missing object is no error: a profile need not measure every signal of the library.
    """

    site: Site
    streams: Mapping[str, Stream]
    labels: Mapping[str, Label]
    findings: Findings
    partial: bool = False


class SourceDraft(Struct, frozen=True):
    """The source of a signal as it is written, with the stream that it is ``of`` and its direction."""

    source: SourceSpec
    of: Stream
    better: Better
    scope: SignalScope

    @property
    def findings(self) -> Findings:
        """The list of findings."""
        return self.scope.findings

    def per(self) -> Stream | None:
        """Find the stream that it is divided by."""
        written = self.source.per
        return look_up(written, self.scope.streams, "metric", self.findings) if written else None

    def label(self, name: str) -> Label | None:
        """Find a label of its stream."""
        return self.scope.labels.get(name) if name in self.of.labels else None


def refuse_label(stream: Stream, name: str, span: Span, findings: Findings) -> None:
    """Report a label that a stream does not have."""
    if name in stream.labels:
        return  # undeclared, and reported where the metric names it
    known_as = stream.known_as
    findings.error(
        "reference/unknown-label",
        f'metric "{known_as}" has no label "{name}"',
        span,
        did_you_mean(name, stream.labels, f"labels of {known_as}")
        or f"leave it out: {known_as} has no labels",
    )
