"""Alerts: the profile's with the service's changes, and its own, with bounds in base units.

A tier that cannot fire is left out and reported where it is a default; where the author wrote it, it is an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from generator.alerts import regression, unpriced
from generator.alerts.draft import AlertScope, Draft, Resolved
from generator.alerts.registry import BY_KEY
from generator.alerts.tiers import capped, check_floors, check_severity
from generator.diagnostics import Findings, Span
from generator.diagnostics.wording import closest, listed, nearest_first, quoted
from generator.model.alerts import Alert, AlertSeverity, Reported
from generator.model.signals import SPEND
from generator.model.units import HOUR, MINUTE, Unit, duration
from generator.notation.names import directory_of
from generator.notation.times import wait
from generator.resolve.objectives import Watched, objective_alerts
from generator.signals.releases import compares_releases
from generator.spec.environments import with_changes
from generator.spec.nodes import YES_NO
from generator.spec.types import Located

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.spec.types import (
        AlertKindSpec,
        AlertSpec,
        Entry,
        Inhabited,
        ProfileSpec,
        ServiceSpec,
        SignalsSpec,
        Text,
    )

_DEFAULT_FOR = 5 * MINUTE
#: Words for yes and no, of which an author may expect that they turn an alert on or off.
_NO_REASONS = frozenset({*YES_NO, "true", "false", "0", "1"})
_OFF = "disabled"
#: Any alert may outlast its condition by this many seconds.
_LEAST_KEPT = HOUR


def alerts_of(entries: Iterable[Entry[AlertSpec]], scope: AlertScope) -> tuple[Alert, ...]:
    """Resolve alerts as they are written."""
    return tuple(alert for entry in entries for alert in _alerts(entry, scope))


def merged_alerts(
    library: SignalsSpec | None, profile: ProfileSpec, service: ServiceSpec, scope: AlertScope
) -> dict[str, Entry[AlertSpec]]:
    """Merge the alerts of the library, of objectives, of the profile and of the service; the later ones win."""
    merged = shared_alerts(library, scope)
    rest = [
        *_laid_over(merged, _without_health(merged, profile.alerts, scope)),
        *_laid_over(merged, _without_health(merged, service.alerts, scope)),
    ]
    promised = [entry.key for entry in (*profile.objectives, *service.objectives)]
    if service.budget:
        promised.append(Located(SPEND, service.budget.per_day.span))
    merged |= {
        entry.key.value: entry for entry in objective_alerts(promised, Watched(merged, library, scope))
    }
    for entry in _laid_over(merged, rest):
        if missing := _not_measured(entry, library, scope):
            scope.findings.error(
                "reference/unknown-alert",
                f'{entry.key.value} is about {missing}, which profile "{profile.profile.value}" does not measure',
                entry.key.span,
                "leave it out, or let the profile feed the stream that the signal reads",
            )
            continue
        scope.findings.error(
            "reference/unknown-alert",
            f'profile "{profile.profile.value}" has no alert "{entry.key.value}"',
            entry.key.span,
            _unknown_help(entry, list(merged), scope),
        )
    _check_disabled_ones(merged, profile, service, scope.findings)
    return merged


def _check_disabled_ones(
    merged: Mapping[str, Entry[AlertSpec]], profile: ProfileSpec, service: ServiceSpec, findings: Findings
) -> None:
    """Check the reasons why alerts are off, and report changes that have no effect."""
    for entry in merged.values():
        _check_reason(entry, findings)
    for source, inhabited in ((profile, None), (service, service.inhabits)):
        for change in source.alerts:
            if known := merged.get(change.key.value):
                _check_empty(change, findings)
                reason = known.value.disabled if source is service else change.value.disabled
                _check_changes_while_off(change, reason, inhabited, findings)


def _check_empty(change: Entry[AlertSpec], findings: Findings) -> None:
    """Warn of a change of an alert that is empty, by which an author may want to turn it on or off."""
    if not change.value.written:
        findings.warning(
            "alert/empty",
            f"{change.key.value} is written without a key, which changes nothing",
            change.key.span,
            'leave it out: default alerts are on; or write what to change, such as for: 10m, or disabled: "the reason"',
        )


def _check_reason(entry: Entry[AlertSpec], findings: Findings) -> None:
    """Refuse a word such as ``no`` as the reason why an alert is off."""
    reason = entry.value.disabled
    if reason and reason.value.casefold() in _NO_REASONS:
        findings.error(
            "schema/value",
            f'"alerts.{entry.key.value}.disabled" is the reason why the alert is off, and "{reason.value}" is none',
            reason.span,
            'write the reason: disabled: "why nobody needs it here"; to have the alert on, leave disabled out: '
            "false only turns on, in an environment, what its service turns off",
        )


def _check_changes_while_off(
    change: Entry[AlertSpec], reason: Text | None, inhabited: Inhabited | None, findings: Findings
) -> None:
    """Warn of a change of an alert that is off for a ``reason``.

    Declared parts of an alert are no change, nor are those of a service that one of its environments turns off.
    """
    if reason is None:
        return
    whole, places = inhabited.whole if inhabited else None, _places_of_changes(change)
    declares = not change.value.written.isdisjoint(BY_KEY)
    if whole and (declares or reason.span.lies_in(whole)):
        places = {key: span for key, span in places.items() if span and span.lies_in(whole)}
    elif declares:
        return
    if places:
        findings.warning(
            "alert/changed-while-off",
            f"{change.key.value} would ignore {listed(places)}: it is disabled",
            next(filter(None, places.values()), change.key.span),
            _way_out_while_off(change, reason, len(places)),
        )


def _places_of_changes(change: Entry[AlertSpec]) -> dict[str, Span | None]:
    """Find the places of the written keys besides ``disabled``; a plain text has none."""
    values = {name: getattr(change.value, name) for name in sorted(change.value.written - {_OFF})}
    return {
        name.removesuffix("_"): value.span if isinstance(value, Located) else None
        for name, value in values.items()
    }


def _way_out_while_off(change: Entry[AlertSpec], reason: Text, count: int) -> str:
    leave = f"leave {'it' if count == 1 else 'them'} out, or"
    if reason.span.lies_in(change.value.span):
        return f"{leave} remove disabled"
    if reason.span.file == change.key.span.file:
        return f"{leave} add disabled: false, which turns the alert on in this environment"
    return f"{leave} write an alert of another name: {reason.span.file} turns this one off"


def _without_health(
    merged: Mapping[str, Entry[AlertSpec]], entries: Iterable[Entry[AlertSpec]], scope: AlertScope
) -> Iterator[Entry[AlertSpec]]:
    """Refuse changes of alerts about the rules, which all services share; yield the other changes."""
    for entry in entries:
        known = merged.get(entry.key.value)
        if known is None or known.value.rule_health is None:
            yield entry
            continue
        scope.findings.error(
            "alert/about-rules",
            f'alert "{entry.key.value}" watches the rules of all services, which one service cannot change',
            entry.key.span,
            "change it in signals.yaml, for all services" + _copied_first(entry, known),
        )


def _copied_first(entry: Entry[AlertSpec], known: Entry[AlertSpec]) -> str:
    """Name the command that writes the library into the specs; empty where they have one."""
    if not known.key.span.is_shipped:
        return ""
    return f"; agent-metrics init {directory_of(entry.key.span)} --copy signals writes it there first"


def _laid_over(
    merged: dict[str, Entry[AlertSpec]], entries: Iterable[Entry[AlertSpec]]
) -> list[Entry[AlertSpec]]:
    """Merge entries into the alerts; return the entries that neither change an alert nor are one."""
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
    merged: Iterable[Entry[AlertSpec]], scope: AlertScope, most: AlertSeverity | None
) -> tuple[Alert, ...]:
    """Resolve every alert that is not disabled; none is more severe than ``most``."""
    return tuple(capped(alert, most) for alert in alerts_of(merged, scope))


def check_cap(
    merged: Iterable[Entry[AlertSpec]], inhabited: Inhabited, most: AlertSeverity, findings: Findings
) -> None:
    """Report what an environment writes about severities above the most severe one that it allows."""
    for entry in merged:
        spec, severest = entry.value, tuple(AlertSeverity)
        in_vain = [("critical", spec.critical)] if spec.warning and spec.burn_rate is None else []
        if spec.severity and severest.index(AlertSeverity(spec.severity.value)) < severest.index(most):
            in_vain.append(("severity", spec.severity))
        for key, text in in_vain:
            if text and text.span.lies_in(inhabited.whole):
                findings.warning(
                    "alert/capped",
                    f"{entry.key.value} ignores {key}: {text.value}, as no alert in {inhabited.environment.value} is "
                    f"more severe than {most}",
                    text.span,
                    _within(key, most),
                )


def _within(key: str, most: AlertSeverity) -> str:
    """Name the ways out of a severity above the most severe one."""
    if key == "critical":
        return "leave it out, write it as warning, or leave out severity_at_most"
    # No author writes info.
    instead = "leave it out" if most is AlertSeverity.INFO else f"write severity: {most}"
    return f"{instead}, or leave out severity_at_most"


def within_cap(merged: Mapping[str, Entry[AlertSpec]]) -> dict[str, Entry[AlertSpec]]:
    """Leave out the critical bounds where an environment allows none, and a milder one takes their place.

    All paces at which an error budget burns stay.
    """
    return {
        name: replace(entry, value=replace(entry.value, critical=None))
        if entry.value.warning and entry.value.critical and entry.value.burn_rate is None
        else entry
        for name, entry in merged.items()
    }


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
    if kinds[0][0] == unpriced.KEY and signal.of.name not in scope.streams:
        return False  # a cost of tokens that nothing counts
    return kinds[0][0] != regression.KEY or compares_releases(signal, scope.runs)


def _not_measured(entry: Entry[AlertSpec], library: SignalsSpec | None, scope: AlertScope) -> str:
    """Name the signal of a library's alert that a service has not, as it lacks the signal; empty for other alerts."""
    written = library.alerts if library else ()
    default = next((one.value for one in written if one.key.value == entry.key.value), None)
    signals = [body.signal.value for _, body in _kinds(default) if body.signal] if default else []
    return next((signal for signal in signals if signal not in scope.signals), "")


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
    return [(key, body) for key in BY_KEY if (body := getattr(spec, key)) is not None]


def _alerts(entry: Entry[AlertSpec], scope: AlertScope) -> Iterator[Alert]:
    kinds = _kinds(entry.value)
    if len(kinds) != 1:
        _refuse_kinds(entry, kinds, scope)
        return
    key, body = kinds[0]
    draft, modules = Draft(entry, body, scope), BY_KEY[key]
    check_severity(entry, scope.findings, compared=any(one.KIND.reports is Reported.VALUE for one in modules))
    check_floors(draft, key, {floor for one in modules for floor in one.FLOORS})
    if entry.value.disabled is None:
        yield from _enabled(draft, key)
    else:
        _check_disabled(draft, key)


def _refuse_kinds(entry: Entry[AlertSpec], kinds: list[tuple[str, AlertKindSpec]], scope: AlertScope) -> None:
    """Report an alert without a kind, or with several; one of them may be that of the alert that it changes."""
    inherited = [key for key, body in kinds if not body.span.lies_in(entry.value.span)]
    own = [key for key, _ in kinds if key not in inherited]
    name = entry.key.value
    if inherited and own:
        message = f'alert "{name}" is one of kind {listed(inherited)}, and not of kind {listed(own)}'
        help_ = f"an alert keeps its kind: write one of another name, and turn {name} off with disabled and a reason"
    else:
        message = f'alert "{name}" has {"several kinds" if kinds else "no kind"}'
        help_ = f"give exactly one of {', '.join(BY_KEY)}"
    scope.findings.error("alert/kind", message, entry.key.span, help_)


def _enabled(draft: Draft, key: str) -> Iterator[Alert]:
    for module in BY_KEY[key]:
        for resolved in module.resolve(draft):
            yield _alert(draft, resolved)


def _check_disabled(draft: Draft, key: str) -> None:
    """Report a ``disabled`` that turns off nothing: without it there would be no alert either, and no error."""
    scope, disabled, otherwise = draft.scope, draft.spec.disabled, Findings()
    if disabled is None or not scope.is_own(disabled):
        return
    if any(_enabled(replace(draft, scope=replace(scope, findings=otherwise)), key)) or otherwise.failed:
        return
    own = f"{draft.name} of {scope.service} is off"
    why = next((finding.message for finding in otherwise.all), own)
    scope.findings.warning(
        "alert/disabled-unused",
        f"disabled turns off nothing: {why}",
        disabled.span,
        "remove disabled, or the alert will stay off when it could be on",
    )


def _alert(draft: Draft, resolved: Resolved) -> Alert:
    spec, findings = draft.spec, draft.findings
    keep = wait(spec.keep_firing_for, 0, findings)
    _check_keep(draft, keep, resolved.looks_back)
    return Alert(
        name=draft.name,
        kind=resolved.kind,
        signal=resolved.signal,
        by=resolved.by,
        tiers=resolved.tiers,
        for_=wait(spec.for_, _DEFAULT_FOR, findings),
        keep_firing_for=keep,
        min_events=spec.min_events.value if spec.min_events else 0,
        min_bad_events=spec.min_bad_events.value if spec.min_bad_events else 0,
        summary=spec.summary or f"{draft.name} is firing.",
        means=spec.means or "",
        shared=draft.name in draft.scope.shared_alerts and resolved.shared,
    )


def _check_keep(draft: Draft, keep: int, looked_at: int) -> None:
    """Refuse to keep firing for longer than a condition looks back: the alert would report problems long over."""
    written, most = draft.spec.keep_firing_for, max(looked_at, _LEAST_KEPT)
    if written is None or keep <= most:
        return
    draft.findings.error(
        "alert/keeps-too-long",
        f"{draft.name} would keep firing for {duration(keep)} after its condition has ended, "
        f"and looks back over no more than {duration(looked_at)}",
        written.span,
        f"let it go on for at most {duration(most)}; 30m is enough for an alert that comes and goes",
    )
