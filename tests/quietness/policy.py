"""The numbers of the alerts for the model, from the specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.alerts import AlertSeverity, BurnRate, Idle, Threshold
from generator.model.signals import Quantile, Share
from tests.quietness.model import LATEST, PAGE_SIGMAS, QUANTILE_SIGMAS, SIGMAS, Bounded, Held, Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from generator.model.alerts import Alert
    from generator.model.service import Library

_MINUTE, _HOUR = 60, 3600


def held(alert: Alert) -> Held:
    """Return the times that an alert waits and lasts, in minutes."""
    return Held(alert.for_ // _MINUTE, alert.keep_firing_for // _MINUTE)


def found(library: Library, name: str) -> Alert:
    """Find an alert of the library."""
    return next(one for one in library.alerts if one.name == name)


def bounded(library: Library, name: str, severity: str, objective: float) -> Bounded:
    """Return the bound of a threshold on a share, for an objective; for a quantile, of the share above it."""
    alert = found(library, name)
    assert isinstance(alert.kind, Threshold)
    latest = LATEST if severity == AlertSeverity.CRITICAL else 0
    signal = library.signals[alert.signal].kind
    if isinstance(signal, Quantile):
        rest = round(1 - signal.q, 9)
        sigmas = SIGMAS if severity == AlertSeverity.CRITICAL else QUANTILE_SIGMAS
        return Bounded(rest, rest, alert.min_bad_events, alert.kind.also_over // _MINUTE, sigmas, 1, latest)
    allowed = {
        one.severity: round(1 - bound if isinstance(signal, Share) and signal.good else bound, 9)
        for one in alert.tiers
        if one.written is not None
        for bound in (one.written.of(objective),)
    }
    bad = allowed[AlertSeverity(severity)]
    pages = severity == AlertSeverity.CRITICAL
    retried = pages and alert.signal == "tool_error_rate"
    return Bounded(
        bad,
        min(allowed.values()),
        alert.min_bad_events,
        alert.kind.also_over // _MINUTE,
        PAGE_SIGMAS if pages and not retried else SIGMAS,
        3 if retried else 1,
        latest,
    )


def paces(library: Library, name: str, severity: str, objective: float) -> Sequence[Pace]:
    """Return the paces at which a budget burns too fast, for an objective."""
    alert = found(library, name)
    assert isinstance(alert.kind, BurnRate)
    return [
        Pace(
            round(burn.factor * (1 - objective), 9),
            burn.long // _MINUTE,
            burn.short // _MINUTE,
            1 - objective,
            severity == "critical" and burn.long >= 3 * _HOUR,
        )
        for tier in alert.tiers
        if tier.severity == AlertSeverity(severity)
        for burn in tier.burns
    ]


def windows(library: Library, name: str) -> Sequence[int]:
    """Return the windows over which promised runs are counted, in minutes."""
    kind = found(library, name).kind
    assert isinstance(kind, Idle)
    return [window // _MINUTE for window in kind.windows]
