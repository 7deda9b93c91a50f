"""Alerts: the profile's with the service's changes, and its own, with bounds in base units.

A tier that cannot fire is left out and reported where it is a default; where the author wrote it, it is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.diagnostics import Findings
from generator.diagnostics.printable import quoted
from generator.diagnostics.suggest import closest, listed, nearest_first
from generator.model.alerts import (
    Absence,
    Alert,
    AlertKind,
    AlertSeverity,
    Bound,
    Change,
    Idle,
    RuleHealth,
    SeriesCount,
    Tier,
    Undeclared,
    Unpriced,
)
from generator.model.units import HOUR, MINUTE, Unit, duration
from generator.resolve.alert_kinds import resolve_by, resolve_kind
from generator.resolve.fan_out import FAN_OUTS, FannedOut, fan_out
from generator.resolve.floors import check_absence, check_floor_of, check_floors, check_traffic, looks_back
from generator.resolve.names import look_up
from generator.resolve.objective_alerts import Watched, objective_alerts
from generator.resolve.signal_checks import compares_releases
from generator.resolve.tiers import TieredAlert, capped, check_severity, resolve_tiers, severity
from generator.resolve.times import wait
from generator.spec.environments import with_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.signals import Signal
    from generator.resolve.alert_scope import AlertScope
    from generator.spec.types import AlertKindSpec, AlertSpec, Entry, ProfileSpec, ServiceSpec, SignalsSpec

_OF_SIGNALS = (
    "threshold",
    "change",
    "regression",
    "burn_rate",
    "overflow",
    "forecast",
    "fall",
    "unpriced",
    "idle",
)
KINDS = (*_OF_SIGNALS, *FAN_OUTS)
DEFAULT_FOR = 5 * MINUTE
#: Any alert may outlast its condition by this many seconds.
_LEAST_KEPT = HOUR


class _About(Struct, frozen=True):
    """The signal of an alert, and the label for each value of which it fires."""

    signal: str
    by: str | None


def alerts_of(entries: Iterable[Entry[AlertSpec]], scope: AlertScope) -> tuple[Alert, ...]:
    """Resolve alerts as they are written."""
    return tuple(alert for entry in entries for alert in _alerts(entry, scope))


def merged_alerts(
    library: SignalsSpec | None, profile: ProfileSpec, service: ServiceSpec, scope: AlertScope
) -> dict[str, Entry[AlertSpec]]:
    """Merge the alerts of the library, of objectives, of the profile and of the service; the later ones win."""
    merged = shared_alerts(library, scope)
    for entry in profile.alerts:
        known = merged.get(entry.key.value)
        merged[entry.key.value] = with_changes(known, entry) if known else entry
    rest = _laid_over(merged, service.alerts)
    promised = (entry.key for entry in (*profile.objectives, *service.objectives))
    merged |= {
        entry.key.value: entry for entry in objective_alerts(promised, Watched(merged, library, scope))
    }
    for entry in _laid_over(merged, rest):
        scope.findings.error(
            "reference/unknown-alert",
            f'profile "{profile.profile.value}" has no alert "{entry.key.value}"',
            entry.key.span,
            _unknown_help(entry, list(merged), scope),
        )
    return merged


def _laid_over(
    merged: dict[str, Entry[AlertSpec]], entries: Iterable[Entry[AlertSpec]]
) -> list[Entry[AlertSpec]]:
    """Merge a service's entries into the alerts; return the entries that neither change an alert nor are one."""
    rest = []
    for entry in entries:
        if entry.key.value in merged:
            merged[entry.key.value] = with_changes(merged[entry.key.value], entry)
        elif _kinds(entry.value):
            merged[entry.key.value] = entry
        else:
            rest.append(entry)
    return rest


def shared_alerts(library: SignalsSpec | None, scope: AlertScope) -> dict[str, Entry[AlertSpec]]:
    """Find the alerts of the library whose signals the profile measures."""
    return {
        entry.key.value: entry for entry in (library.alerts if library else ()) if _measured(entry, scope)
    }


def resolve_alerts(
    merged: Iterable[Entry[AlertSpec]], scope: AlertScope, most: AlertSeverity | None = None
) -> tuple[Alert, ...]:
    """Resolve every alert that is not disabled; none is more severe than ``most``."""
    return tuple(
        replace(capped(alert, most), shared=alert.name in scope.shared_alerts and _is_shared(alert, scope))
        for alert in alerts_of(merged, scope)
    )


def _is_shared(alert: Alert, scope: AlertScope) -> bool:
    """Whether a shared rule can see the subject of an alert: no metrics and labels of this service alone."""
    match alert.kind:
        case Absence(stream):
            return stream.shared
        case RuleHealth():
            return True
        case Undeclared(stream, label):
            return stream.shared and label.name in scope.shared_labels
        case _:
            return scope.signals[alert.signal].shared


def _measured(entry: Entry[AlertSpec], scope: AlertScope) -> bool:
    """Whether the profile measures the subject of a library alert; own signals have their own alerts."""
    kinds = _kinds(entry.value)
    body = kinds[0][1] if len(kinds) == 1 else None
    if body is None or body.signal is None:
        return True
    signal = scope.signals.get(body.signal.value)
    if signal is None or not signal.shared:
        return False
    if body.by is not None and (body.by.value,) not in signal.levels:
        return False
    return kinds[0][0] != "regression" or compares_releases(signal, scope.runs)


def _unknown_help(entry: Entry[AlertSpec], known: list[str], scope: AlertScope) -> str:
    """Name the alert that may be meant, and the parts that a new alert needs."""
    name = entry.key.value
    if match := closest(name, known):
        return f"did you mean {quoted(match)}?"
    share = next((signal.name for signal in scope.signals.values() if signal.unit is Unit.RATIO), None)
    kind = f"{{threshold: {{signal: {share}}}, warning: 90%}}" if share else "{threshold: ...}"
    own = f"a new alert needs a kind, as in {name}: {kind}"
    return f"{own}; the others are: {listed(nearest_first(name, known))}" if known else own


def _kinds(spec: AlertSpec) -> list[tuple[str, AlertKindSpec]]:
    return [(kind, body) for kind in KINDS if (body := getattr(spec, kind)) is not None]


def _alerts(entry: Entry[AlertSpec], scope: AlertScope) -> Iterator[Alert]:
    kinds = _kinds(entry.value)
    if len(kinds) != 1:
        scope.findings.error(
            "alert/kind",
            f'alert "{entry.key.value}" has {"several kinds" if kinds else "no kind"}',
            entry.key.span,
            f"give exactly one of {', '.join(KINDS)}",
        )
        return
    if kinds[0][0] == "rule_health" and entry.key.value not in scope.shared_alerts and scope.service:
        scope.findings.error(
            "alert/kind",
            f'alert "{entry.key.value}" watches the rules of all services, which one service cannot',
            entry.key.span,
            "declare it in signals.yaml",
        )
        return
    check_severity(entry, kinds[0][0], scope.findings)
    check_floors(entry, kinds[0][0], scope.findings)
    if entry.value.disabled is None:
        yield from _enabled(entry, *kinds[0], scope)
    else:
        _check_disabled(entry, *kinds[0], scope)


def _enabled(entry: Entry[AlertSpec], name: str, body: AlertKindSpec, scope: AlertScope) -> Iterator[Alert]:
    yield from _swept(entry, name, body, scope) if name in FAN_OUTS else _of_signal(entry, name, body, scope)


def _check_disabled(entry: Entry[AlertSpec], name: str, body: AlertKindSpec, scope: AlertScope) -> None:
    """Report a ``disabled`` that turns off nothing: without it there would be no alert either, and no error."""
    disabled, otherwise = entry.value.disabled, replace(scope, findings=Findings())
    if disabled is None or disabled.span.file != scope.file:
        return
    if any(_enabled(entry, name, body, otherwise)) or otherwise.findings.failed:
        return
    own = f"{entry.key.value} of {scope.service} is off"
    why = next((finding.message for finding in otherwise.findings.all), own)
    scope.findings.warning(
        "alert/disabled-unused",
        f"disabled turns off nothing: {why}",
        disabled.span,
        "remove disabled, or the alert will stay off when it could be on",
    )


def _swept(entry: Entry[AlertSpec], name: str, body: AlertKindSpec, scope: AlertScope) -> Iterator[Alert]:
    if name == "absence":
        check_absence(entry, scope)
    for one in fan_out(name, body, scope):
        about = _About(one.signal, one.by)
        yield _alert(entry, one.kind, about, (_swept_tier(entry, one),), scope)


def _swept_tier(entry: Entry[AlertSpec], alert: FannedOut) -> Tier:
    """Return the allowed number of series as a bound; no other swept kind has one."""
    chosen = severity(entry, alert.severity)
    if not isinstance(alert.kind, SeriesCount):
        return Tier(chosen, 0, "")
    allowed = alert.kind.allowed
    return Tier(chosen, allowed, f"{allowed:,}", written=Bound(allowed, None, "#"))


def _of_signal(entry: Entry[AlertSpec], name: str, body: AlertKindSpec, scope: AlertScope) -> Iterator[Alert]:
    signal = look_up(body.signal, scope.signals, "signal", scope.findings) if body.signal else None
    if signal is None:
        return
    by = resolve_by(body, signal, scope)
    kind = resolve_kind(entry, name, signal, scope)
    check_floor_of(entry, kind, signal, scope.findings)
    if kind is not None and (resolved := _tiers(entry, kind, signal, scope)):
        check_traffic(entry, kind, signal, resolved, scope)
        yield _alert(entry, kind, _About(signal.name, by), resolved, scope)


def _tiers(entry: Entry[AlertSpec], kind: AlertKind, signal: Signal, scope: AlertScope) -> tuple[Tier, ...]:
    if isinstance(kind, Unpriced | Idle):
        return (Tier(severity(entry, AlertSeverity.WARNING), 0, ""),)
    return resolve_tiers(TieredAlert(entry, kind, signal, scope))


def _alert(
    entry: Entry[AlertSpec], kind: AlertKind, about: _About, tiers: tuple[Tier, ...], scope: AlertScope
) -> Alert:
    spec = entry.value
    keep = wait(spec.keep_firing_for, 0, scope.findings)
    _check_keep(entry, keep, _looks_at(kind, scope.signals[about.signal], tiers), scope)
    return Alert(
        name=entry.key.value,
        kind=kind,
        signal=about.signal,
        by=about.by,
        tiers=tiers,
        for_=wait(spec.for_, DEFAULT_FOR, scope.findings),
        keep_firing_for=keep,
        min_events=spec.min_events.value if spec.min_events else 0,
        min_bad_events=spec.min_bad_events.value if spec.min_bad_events else 0,
        summary=spec.summary or f"{entry.key.value} is firing.",
        means=spec.means or "",
    )


def _looks_at(kind: AlertKind, signal: Signal, tiers: tuple[Tier, ...]) -> int:
    """Compute the full time that a condition looks back over, in seconds."""
    return looks_back(kind, signal, tiers) + (kind.over if isinstance(kind, Change) else 0)


def _check_keep(entry: Entry[AlertSpec], keep: int, looked_at: int, scope: AlertScope) -> None:
    """Refuse to keep firing for longer than a condition looks back: the alert would report problems long over."""
    written, most = entry.value.keep_firing_for, max(looked_at, _LEAST_KEPT)
    if written is None or keep <= most:
        return
    scope.findings.error(
        "alert/keeps-too-long",
        f"{entry.key.value} would keep firing for {duration(keep)} after its condition has ended, "
        f"and looks back over no more than {duration(looked_at)}",
        written.span,
        f"let it go on for at most {duration(most)}; 30m is enough for an alert that comes and goes",
    )
