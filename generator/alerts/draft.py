"""Alerts while they are resolved: the context, the alert as it is written, with its signal, and as resolved."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics.wording import did_you_mean, listed
from generator.model.alerts import AlertKind, AlertSeverity, Tier
from generator.model.signals import SPEND, Better, Quantile, Ratio, Signal, Tokens, divisor
from generator.model.units import WRITTEN_AS, Unit, human
from generator.notation.names import look_up_signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from generator.diagnostics import Findings, Span
    from generator.model.hours import Hours
    from generator.model.metrics import Label
    from generator.model.service import Objective, Site
    from generator.model.streams import Stream
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, Text

_NONE: Mapping[str, Text] = MappingProxyType({})
#: Examples of promises: the tokens of a run, its errors, the share of those that went well.
_TOKENS, _ERRORS, _SUCCESSES = "20000", "0.1", "95%"


class AlertScope(Struct, frozen=True):
    """The parts of a service that alerts refer to, and the list of findings; ``file`` is its spec.

    ``promise`` is the place of the promised traffic, and ``hours`` are its own, None for any hour; ``windows`` are
    those of objectives, ``refused`` the signals whose objectives have errors; ``shared_alerts`` and ``shared_labels``
    are names in the library.
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
    hours: Hours | None = None
    windows: Mapping[str, Text] = _NONE
    refused: frozenset[str] = frozenset()
    shared_alerts: frozenset[str] = frozenset()
    shared_labels: frozenset[str] = frozenset()

    def off(self, alert: Text, written: Text | None, signal: Signal, why: str, *, window: str = "") -> None:
        """Report that an alert is off, and the objective that would turn it on, unless that one is refused already.

        Args:
            alert: Its name.
            written: The text that depends on the objective.
            signal: The signal that it is about.
            why: The missing part of the signal.
            window: The window that the objective needs.
        """
        if signal.name in self.refused:
            return
        code = "alert/no-objective"
        message = f"{alert.value} of {self.service} is off: {signal.name} has {why}"
        example = _promise(signal, window, self.objectives.get(signal.name))
        help_ = f"to turn it on, write in the service's spec what it promises, such as {example}"
        if written is not None and self.is_own(written):
            self.findings.error(code, message, written.span, help_)
        elif self.is_own(alert):
            self.findings.warning(code, message, alert.span, f"{help_}; until then this has no effect")
        else:
            self.findings.info(code, message, alert.span, help_)

    def is_own(self, text: Text) -> bool:
        """Whether the text stands in the service's own file; any other text is a default."""
        return text.span.file == self.file

    def fed_by(self, stream: Stream) -> list[str]:
        """List the signals that a stream feeds, those on the status board first."""
        fed = [signal for signal in self.signals.values() if signal.of.name == stream.name]
        return [signal.name for signal in sorted(fed, key=lambda signal: signal.trend is None)]


class Draft(Struct, frozen=True):
    """An alert as it is written, and the service that it is for.

    Attributes:
        entry: Its name and its keys.
        body: The body of its kind.
        scope: The service, with the list of findings.
    """

    entry: Entry[AlertSpec]
    body: AlertKindSpec
    scope: AlertScope

    @property
    def spec(self) -> AlertSpec:
        """Its keys."""
        return self.entry.value

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.key.value

    @property
    def findings(self) -> Findings:
        """The list of findings."""
        return self.scope.findings

    def severity(self, default: AlertSeverity = AlertSeverity.WARNING) -> AlertSeverity:
        """Take the written severity of an alert without a bound, or else the default."""
        written = self.spec.severity
        return default if written is None else AlertSeverity(written.value)

    def unbounded(self, default: AlertSeverity = AlertSeverity.WARNING) -> tuple[Tier, ...]:
        """Make the only tier of an alert without a bound."""
        return (Tier(self.severity(default), 0, ""),)

    def resolved_beside(
        self,
        signal: str,
        kind: AlertKind,
        tiers: tuple[Tier, ...],
        by: str | None = None,
        *,
        shared: bool | None = None,
    ) -> Resolved:
        """Finish an alert whose author names no signal, beside the ``signal`` that its stream feeds.

        ``shared`` is whether a shared rule can see its subject, where that is not whether the signal is shared.
        """
        fed = self.scope.signals[signal]
        return Resolved(kind, signal, by, tiers, fed.window, shared=fed.shared if shared is None else shared)


class SignalDraft(Draft, frozen=True):
    """An alert about a signal; ``by`` is the label for each value of which it fires, if any."""

    signal: Signal
    by: str | None

    @property
    def objective(self) -> Objective | None:
        """The service's objective for the signal."""
        return self.scope.objectives.get(self.signal.name)

    def fits(self, needed: str, *, fits: bool) -> bool:
        """Refuse a signal of a kind that the alert cannot be about; ``needed`` names those that it can."""
        if not fits and self.body.signal:
            self.findings.error(
                "alert/signal-kind",
                f'"{self.body.signal.value}" is not {needed}',
                self.body.signal.span,
                "choose a signal of that kind, or another kind of alert",
            )
        return fits

    def resolved(self, kind: AlertKind, tiers: tuple[Tier, ...], looks_back: int | None = None) -> Resolved:
        """Finish it; ``looks_back`` is the window of its condition in seconds, where not the signal's."""
        window = self.signal.window if looks_back is None else looks_back
        return Resolved(kind, self.signal.name, self.by, tiers, window, shared=self.signal.shared)


class Resolved(Struct, frozen=True):
    """An alert as resolved, without the parts that are written alike for all kinds.

    Attributes:
        kind: The kind's own part.
        signal: The name of the signal that it is about.
        by: The label for each value of which it fires; None for the whole service.
        tiers: The severities and their bounds, the most severe first.
        looks_back: Seconds that the condition looks back over.
        shared: Whether a shared rule can see its subject: no metrics and labels of one service alone.
    """

    kind: AlertKind
    signal: str
    by: str | None
    tiers: tuple[Tier, ...]
    looks_back: int
    shared: bool


def about_signal(draft: Draft) -> SignalDraft | None:
    """Find the signal that an alert is about; None with a finding where there is none of its name."""
    body, scope = draft.body, draft.scope
    signal = look_up_signal(body.signal, scope.signals, scope.findings) if body.signal else None
    if signal is None:
        return None
    return SignalDraft(draft.entry, body, scope, signal, _by(body, signal, scope))


def _by(body: AlertKindSpec, signal: Signal, scope: AlertScope) -> str | None:
    """Find the label for each value of which an alert fires."""
    if body.by is None:
        if () not in signal.levels and body.signal is not None:
            scope.findings.error(
                "alert/by",
                f"{signal.name} has no value for the whole service",
                body.signal.span,
                f"name a label, for an alert on each of its values: by: {signal.levels[0][0]}",
            )
        return None
    if (body.by.value,) not in signal.levels:
        scope.findings.error(
            "alert/by",
            f'{signal.name} is not broken down by "{body.by.value}"',
            body.by.span,
            _broken_down(body.by.value, signal),
        )
    return body.by.value


def _broken_down(label: str, signal: Signal) -> str:
    """Name the way to watch each value of a label, such as a segment: a signal of one's own that has the label."""
    read = (signal.of, divisor(signal) or signal.of)
    known = [level[0] for level in signal.levels if len(level) == 1]
    if not all(label in stream.labels for stream in read):
        return did_you_mean(label, known)
    return (
        f"let a signal of your own have it, which reads {signal.of.name} as {signal.name} does: write by: [{label}] in "
        f"it, under signals{f'; known: {listed(known)}' if known else ''}"
    )


def _promise(signal: Signal, window: str, promised: Objective | None) -> str:
    """Write an example objective of a signal, as ``promised`` with the ``window`` that it lacks, if any."""
    if signal.name == SPEND:
        return "budget: {per_day: $200}"
    example = human(promised.bound, signal.unit) if promised and window else _within_reach(signal)
    over = f", window: {window}" if window else ""
    side = "min" if signal.better is Better.HIGHER else "max"
    return f"objectives: {{{signal.name}: {{{side}: {example}{over}}}}}"


def _within_reach(signal: Signal) -> str:
    """Write an amount that a signal of this kind can have, and could promise."""
    if isinstance(signal.kind, Quantile) and (buckets := signal.of.buckets):
        return human(buckets[(len(buckets) - 1) // 2], signal.unit)  # the last one can never be missed
    if isinstance(signal.kind, Tokens):
        return _TOKENS
    if isinstance(signal.kind, Ratio) and signal.of.sparse:
        return _ERRORS
    if signal.unit is Unit.RATIO and signal.better is Better.HIGHER:
        return _SUCCESSES
    return WRITTEN_AS[signal.unit][1]
