"""The context in which an alert is resolved."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.model.signals import SPEND, Better, Signal
from generator.model.units import WRITTEN_AS, Unit, human

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings, Span
    from generator.model.metrics import Label
    from generator.model.service import Objective, Site
    from generator.model.streams import Stream
    from generator.spec.types import Text


_NONE: Mapping[str, Text] = MappingProxyType({})


class AlertScope(Struct, frozen=True):
    """The parts of a service that alerts refer to, and the list of findings; ``file`` is its spec.

    ``promise`` is the place of the promised traffic, ``windows`` are those of objectives; ``shared_alerts`` and
    ``shared_labels`` are names in the library.
    """

    service: str
    file: str
    site: Site
    labels: Mapping[str, Label]
    streams: Mapping[str, Stream]
    runs: Stream
    runs_per_hour: float | None
    signals: Mapping[str, Signal]
    objectives: Mapping[str, Objective]
    findings: Findings
    emitted_here: bool = True
    promise: Span | None = None
    windows: Mapping[str, Text] = _NONE
    shared_alerts: frozenset[str] = frozenset()
    shared_labels: frozenset[str] = frozenset()

    def off(self, alert: Text, written: Text | None, signal: Signal, why: str, *, window: str = "") -> None:
        """Report that an alert is off, and the objective that would turn it on.

        Args:
            alert: Its name.
            written: The text that depends on the objective.
            signal: The signal that it is about.
            why: The missing part of the signal.
            window: The window that the objective needs.
        """
        code = "alert/no-objective"
        message = f"{alert.value} of {self.service} is off: {signal.name} has {why}"
        example = _promise(signal, window, self.objectives.get(signal.name))
        help_ = f"to turn it on, write in the service's spec: {example}"
        if written is not None and self.is_own(written):
            self.findings.error(code, message, written.span, help_)
        elif self.is_own(alert):
            self.findings.warning(code, message, alert.span, f"{help_}; until then this has no effect")
        else:
            self.findings.info(code, message, alert.span, help_)

    def is_own(self, text: Text) -> bool:
        """Whether the service's author wrote the text, so that it is not a default."""
        return text.span.file == self.file

    def fed_by(self, stream: Stream) -> list[str]:
        """List the signals that a stream feeds, those on the status board first."""
        fed = [signal for signal in self.signals.values() if signal.of.name == stream.name]
        return [signal.name for signal in sorted(fed, key=lambda signal: signal.trend is None)]


def _promise(signal: Signal, window: str, promised: Objective | None) -> str:
    """Write an example objective of a signal, as ``promised`` with the ``window`` that it lacks, if any."""
    if signal.name == SPEND:
        return "budget: {per_day: $200}"
    better = signal.better is Better.HIGHER
    example = "95%" if better and signal.unit is Unit.RATIO else WRITTEN_AS[signal.unit][1]
    if promised and window:
        example = human(promised.bound, signal.unit)
    over = f", window: {window}" if window else ""
    return f"objectives: {{{signal.name}: {{{'min' if better else 'max'}: {example}{over}}}}}"
