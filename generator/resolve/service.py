"""A service: its profile with its changes and additions, the labels of its alerts, and what is other than shared."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.draft import AlertScope
from generator.alerts.registry import module_of
from generator.alerts.tiers import capped
from generator.diagnostics import Findings, Span
from generator.model import names
from generator.model.alerts import (
    FACTOR,
    OFFSET,
    Alert,
    AlertSeverity,
    Bound,
    Burn,
    BurnRate,
    Deviations,
    Override,
    SeriesCount,
    Variant,
)
from generator.model.metrics import Label, Metric
from generator.model.service import RUN, Inclusion, Library, Objective, Price, Service, Site
from generator.model.signals import RUN_COUNT, Cost, Distribution, Signal, Tokens
from generator.model.streams import MODEL, SPENT, TOKEN_TYPE, Stream
from generator.model.units import duration
from generator.notation.names import forbidden_label, set_elsewhere
from generator.notation.times import promised_hours
from generator.resolve.alerts import (
    alerts_of,
    check_cap,
    merged_alerts,
    resolve_alerts,
    shared_alerts,
    within_cap,
)
from generator.resolve.labels import resolve_labels
from generator.resolve.library import generic_scope
from generator.resolve.objectives import directed, resolve_objectives
from generator.resolve.prices import resolve_prices
from generator.resolve.segments import segment_alerts
from generator.resolve.signals import check_measured, check_on_board, check_runs, resolve_signals
from generator.resolve.site import are_native, resolve_budget, scraped_every
from generator.resolve.streams import by_any_name, resolve_streams
from generator.signals.draft import SignalScope
from generator.spec.types import (
    ELSEWHERE,
    AlertSpec,
    Entry,
    PricesSpec,
    ProfileSpec,
    ServiceSpec,
    SignalsSpec,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping


_ALERT_LABEL = "alert/label"
#: Labels of the constant that contains them.
_LABELS_OF_CONSTANTS = frozenset({names.PROFILE, names.RUN_WORD})


class Base(Struct, frozen=True):
    """The common base for resolving all services."""

    site: Site
    prices: PricesSpec | None
    signals: SignalsSpec | None
    library: Library
    alert_labels: tuple[Entry[Text], ...] = ()


class _Parts(Struct, frozen=True):
    """The resolved parts of a service.

    Attributes:
        metrics: Its metrics by name.
        scope: The context of its alerts: its labels, streams, signals and objectives.
        entries: Its alerts as they are written, the profile's and the library's included.
        alerts: Its alerts.
        most: The highest allowed severity.
    """

    metrics: Mapping[str, Metric]
    scope: AlertScope
    entries: Mapping[str, Entry[AlertSpec]]
    alerts: tuple[Alert, ...]
    most: AlertSeverity | None


def resolve_service(
    spec: ServiceSpec, profile: ProfileSpec, base: Base, findings: Findings
) -> Service | None:
    """Resolve one service; None when too little of it is valid, with the findings as the reason."""
    base = replace(base, site=_site_of(spec, base.site, findings))
    _check_adapters(spec, profile, findings)
    parts = _resolve_parts(spec, profile, base, findings)
    if parts is None:
        return None
    service = _assembled(spec, profile, base, parts, findings)
    changed = _changed_alerts(spec, profile, parts) & shared_alerts(base.signals, parts.scope).keys()
    entries = [parts.entries[name] for name in sorted(changed)]
    deviations = _resolve_deviations(entries, service, base.library, base.site, spec.span.file, parts.most)
    off = {name: entry.value.disabled for name, entry in sorted(parts.entries.items())}
    reasons = {name: reason.value for name, reason in off.items() if reason}
    return replace(service, deviations=replace(deviations, reasons=reasons))


def _site_of(spec: ServiceSpec, site: Site, findings: Findings) -> Site:
    """Resolve what a service changes of its site."""
    scraped = scraped_every(spec, site, findings)
    native = are_native(spec.histograms, site.oldest_prometheus, findings, default=site.native_histograms)
    budget = resolve_budget(spec.series_budget, site.budget)
    return replace(site, scrape_interval=scraped, budget=budget, native_histograms=native)


def _resolve_parts(spec: ServiceSpec, profile: ProfileSpec, base: Base, findings: Findings) -> _Parts | None:
    """Resolve the parts in their order; alerts only where all else is valid."""
    labels = resolve_labels(profile, spec, findings)
    fed = resolve_streams(profile, spec, labels, base, findings)
    scope = SignalScope(base.site, by_any_name(fed.streams.values()), labels, findings)
    signals = resolve_signals(base.signals, profile, spec, scope)
    labels = _with_limits(labels, signals)
    check_runs(profile, spec, signals, findings)
    check_measured(base.signals, profile, spec, signals, scope)
    if findings.failed:
        return None
    objectives = resolve_objectives(profile.objectives, spec.objectives, spec, base.site, signals, findings)
    signals = directed(signals, (*profile.objectives, *spec.objectives), objectives)
    alert_scope = _alert_scope(spec, profile, base, labels, fed.streams, signals, objectives, findings)
    entries = merged_alerts(base.signals, profile, spec, alert_scope)
    most = AlertSeverity(spec.severity_at_most) if spec.severity_at_most else None
    if most and spec.inhabits:
        check_cap(entries.values(), spec.inhabits, most, findings)
        entries = within_cap(entries)
    alerts = resolve_alerts(entries.values(), alert_scope, most)
    alerts += tuple(segment_alerts(spec, entries, alert_scope, most))
    watched = {alert.signal for alert in alerts if alert.shown}
    for entry in spec.signals:
        check_on_board(entry, signals[entry.key.value], watched, findings)
    return _Parts(fed.metrics, alert_scope, entries, alerts, most)


def _assembled(
    spec: ServiceSpec, profile: ProfileSpec, base: Base, parts: _Parts, findings: Findings
) -> Service:
    """Put the service together, with its prices, and without its deviations."""
    scope = parts.scope
    labels, signals = scope.labels, scope.signals
    prices, inclusions = _priced(spec, base.prices, scope) if _spends(signals) else ((), ())
    return Service(
        name=spec.service.value,
        profile=profile.profile.value,
        description=spec.description or profile.description or "",
        owner=spec.owner.value,
        selector={item.key.value: item.value.value for item in spec.selector},
        replicas=spec.replicas or 1,
        runs_per_hour=scope.runs_per_hour,
        hours=scope.hours,
        labels=labels,
        metrics=parts.metrics,
        streams=scope.streams,
        runs=scope.runs,
        signals=signals,
        objectives=scope.objectives,
        alerts=parts.alerts,
        links={item.key.value: item.value for item in spec.links},
        prices=prices,
        inclusions=inclusions,
        origins=_of_library(base.library, signals, parts.entries) | dict(_origins(spec, profile)),
        run=profile.run or RUN,
        about_profile=profile.description or "",
        emitted_here=scope.emitted_here,
        own_objectives=frozenset(entry.key.value for entry in spec.objectives),
        own_bounds=scope.shared_labels & {entry.key.value for entry in spec.labels},
        adapters=tuple(each.value for each in spec.adapters),
        segments=tuple(entry.key.value for entry in spec.segments if entry.key.value in labels),
        series_budget=base.site.budget if spec.series_budget else None,
        environment=spec.inhabits.environment.value if spec.inhabits else "",
        alert_labels=_resolve_alert_labels(spec, base, labels, findings),
        scrape_interval=base.site.scrape_interval if spec.scrape_interval else 0,
    )


def _changed_alerts(spec: ServiceSpec, profile: ProfileSpec, parts: _Parts) -> set[str]:
    """Name the alerts that differ from the library's, or may: windows of burn rates follow from objectives."""
    changed = {entry.key.value for entry in (*profile.alerts, *spec.alerts)}
    kinds = (BurnRate, SeriesCount) if spec.series_budget else (BurnRate,)
    changed |= {alert.name for alert in parts.alerts if isinstance(alert.kind, kinds)}
    if parts.most:
        changed |= {alert.name for alert in parts.alerts if not alert.about_rules}
    return changed


def _check_adapters(spec: ServiceSpec, profile: ProfileSpec, findings: Findings) -> None:
    """Warn of adapters without a module: no file would be written, and its author would wait for counts."""
    if spec.adapters and profile.emitted == ELSEWHERE:
        findings.warning(
            "service/adapters",
            f'adapters need the generated module, and the profile "{profile.profile.value}" has none',
            spec.adapters[0].span,
            "leave adapters out: others expose these metrics; or choose a profile of the module, as in profile: agent",
        )


def _alert_scope(  # noqa: PLR0913, PLR0917 - the rest of a service
    spec: ServiceSpec,
    profile: ProfileSpec,
    base: Base,
    labels: Mapping[str, Label],
    streams: Mapping[str, Stream],
    signals: Mapping[str, Signal],
    objectives: Mapping[str, Objective],
    findings: Findings,
) -> AlertScope:
    shared = base.library.streams.values()
    promised = (*profile.objectives, *spec.objectives)
    return AlertScope(
        service=spec.service.value,
        file=spec.span.file,
        site=base.site,
        labels=labels,
        streams=streams,
        runs=signals[RUN_COUNT].of,
        runs_per_hour=spec.traffic.min_runs_per_hour.value if spec.traffic else None,
        hours=promised_hours(spec.traffic, findings) if spec.traffic else None,
        promise=spec.traffic.min_runs_per_hour.span if spec.traffic else None,
        signals=signals,
        objectives=objectives,
        findings=findings,
        emitted_here=profile.emitted != ELSEWHERE,
        windows={entry.key.value: entry.value.window for entry in promised if entry.value.window},
        refused=frozenset(entry.key.value for entry in promised) - objectives.keys(),
        shared_alerts=frozenset(alert.name for alert in base.library.alerts),
        shared_labels=frozenset(label for stream in shared for label in stream.labels),
    )


def _with_limits(labels: Mapping[str, Label], signals: Mapping[str, Signal]) -> dict[str, Label]:
    """Copy the limit values of the library's signals to the labels that have them."""
    limited = dict(labels)
    for signal in signals.values():
        label = limited.get(signal.kind.label) if isinstance(signal.kind, Distribution) else None
        # A missing label is reported elsewhere.
        if isinstance(signal.kind, Distribution) and label and not label.limits:
            limits = tuple(one for one in signal.kind.limits if one in label.values)
            limited[label.name] = replace(label, limits=limits)
    return limited


def _spends(signals: Mapping[str, Signal]) -> bool:
    return any(isinstance(signal.kind, Tokens | Cost) for signal in signals.values())


def _priced(
    spec: ServiceSpec, prices: PricesSpec | None, scope: AlertScope
) -> tuple[tuple[Price, ...], tuple[Inclusion, ...]]:
    nothing = Label("", "", (), 1)
    # A source that exposes its cost needs no prices.
    known = (entry.value.values for entry in spec.labels if entry.key.value == MODEL)
    models = next(known, ()) if SPENT not in scope.streams else ()
    model, token_type = (scope.labels.get(name, nothing) for name in (MODEL, TOKEN_TYPE))
    return resolve_prices(prices, model, token_type, models, scope.findings)


def _of_library(
    library: Library, signals: Iterable[str], alerts: Mapping[str, Entry[AlertSpec]]
) -> dict[str, Span]:
    """Collect the places of the library signals and the alerts of a service."""
    paths = (f"signals.{name}" for name in signals)
    declared = {path: library.origins[path] for path in paths if path in library.origins}
    return declared | {f"alerts.{name}": entry.key.span for name, entry in alerts.items()}


def _origins(spec: ServiceSpec, profile: ProfileSpec) -> Iterator[tuple[str, Span]]:
    """Yield the place of each part; the service's place wins over its profile's."""
    yield "", spec.service.span
    yield "profile", spec.profile.span
    yield "owner", spec.owner.span
    for source in (profile, spec):
        for area in ("labels", "metrics", "signals", "objectives", "alerts"):
            for entry in getattr(source, area):
                yield f"{area}.{entry.key.value}", entry.key.span
        for signal in source.signals:
            if signal.value.window:
                yield f"signals.{signal.key.value}.window", signal.value.window.span
    for label in profile.metrics:
        for name in label.value.labels:
            yield f"metrics.{label.key.value}.labels.{name.value}", name.span
    for segment in spec.segments:
        yield f"labels.{segment.key.value}", segment.key.span
    for item in spec.selector:
        yield f"selector.{item.key.value}", item.key.span


def _resolve_alert_labels(
    spec: ServiceSpec, base: Base, labels: Collection[str], findings: Findings
) -> dict[str, str]:
    """Merge a service's labels into the site's; ``labels`` are those of its metrics."""
    taken = {*labels, *(label for stream in base.library.streams.values() for label in stream.labels)}
    merged = {entry.key.value: entry for entry in (*base.alert_labels, *spec.alert_labels)}
    return {
        name: entry.value.value
        for name, entry in sorted(merged.items())
        if _is_free_label(entry, taken, findings)
    }


def _is_free_label(entry: Entry[Text], taken: Collection[str], findings: Findings) -> bool:
    """Refuse a name that an alert may already have, or that identifies single runs or people."""
    name, span = entry.key.value, entry.key.span
    if finding := forbidden_label(name, span):
        findings.add(finding)
    elif name == names.ENVIRONMENT:
        message = "an alert's environment is the one that its service is in"
        findings.error(
            _ALERT_LABEL, message, span, "declare the service's environments: environments: {prod: {...}}"
        )
    elif why := set_elsewhere(name) or _why_taken(name, taken):
        findings.error(
            _ALERT_LABEL,
            f'alerts cannot have a label "{name}" of their own: {why}',
            span,
            "choose another name",
        )
    else:
        return True
    return False


def _why_taken(name: str, taken: Collection[str]) -> str:
    if name in _LABELS_OF_CONSTANTS:
        return "our rules set it"
    return "it is a label of streams, which alerts may be about" if name in taken else ""


def _resolve_deviations(  # noqa: PLR0913, PLR0917 - the service, and what it is compared with
    entries: Iterable[Entry[AlertSpec]],
    service: Service,
    library: Library,
    site: Site,
    file: str,
    most: AlertSeverity | None,
) -> Deviations:
    """Compare the alerts that a profile or a service changes with the library's: other numbers, variants, or off.

    Both are resolved as if everything were promised, so that only written texts differ, never their consequences.

    Args:
        entries: The alerts that it changes, or whose windows follow from its objectives, merged with the library's.
        service: The service as it is resolved, whose bounds replace a number that cannot be used as written.
        library: The shared alerts.
        site: The site.
        file: The service's own.
        most: The highest allowed severity.
    """
    windows = {one.signal: one.window for one in service.objectives.values() if one.window}
    overrides: list[Override] = []
    variants: list[Variant] = []
    off: list[str] = []
    live = {alert.name for alert in service.alerts}
    scope = generic_scope(library.signals, library.streams, site, Findings(), windows, file)
    for entry in entries:
        defaults = tuple(alert for alert in library.alerts if alert.name == entry.key.value)
        # An alert without its objective is off as well, and its author was informed.
        if entry.value.disabled is not None or entry.key.value not in live:
            off.append(entry.key.value)
            continue
        changed = tuple(capped(one, most) for one in alerts_of((entry,), scope)) if scope else ()
        if not changed or not defaults:
            continue
        if name := _difference(changed[0], defaults[0]):
            variants.append(Variant(entry.key.value, name, changed))
        overrides += _overrides(changed[0], defaults[0], service)
    return Deviations(tuple(overrides), tuple(variants), tuple(off))


def _difference(alert: Alert, default: Alert) -> str:
    """Name every difference between two alerts except numbers; empty where they differ in numbers only."""
    own, base = _shape(alert), _shape(default)
    return ", ".join(f"{key}={own[key]}" for key in own if own[key] != base.get(key))


def _shape(alert: Alert) -> dict[str, str]:
    kind = alert.kind
    return {
        "kind": type(kind).__name__.lower(),
        "signal": alert.signal,
        "by": alert.by or "none",
        "for": duration(alert.for_),
        "keep_firing_for": duration(alert.keep_firing_for),
        "severity": "+".join(tier.severity for tier in alert.tiers),
        "floors": "+".join(alert.floors) or "none",
        "windows": " ".join(
            f"{duration(burn.long)}/{duration(burn.short)}" for tier in alert.tiers for burn in tier.burns
        ),
        "summary": hashlib.sha256(alert.summary.encode()).hexdigest()[:8],
        **module_of(kind).variant_parts(kind),
    }


def _overrides(alert: Alert, default: Alert, service: Service) -> Iterator[Override]:
    """List the numbers in which an alert differs from the library's."""
    base = {(one.severity, one.part): one.written for one in default.numbers}
    for one in alert.numbers:
        known, number = base.get((one.severity, one.part)), one.written
        if known != number:
            # In place of a plain number the rule accepts no multiple of the objective.
            plain = isinstance(known, Bound) and isinstance(number, Bound) and known.factor is None
            override = _plain(number, alert, service) if plain and isinstance(number, Bound) else number
            yield _override(alert, one.severity, one.part, override, service)
    for part in default.floors:
        if part not in alert.floors:
            yield Override(alert.name, "", part, 0, "")


def _plain(number: Bound, alert: Alert, service: Service) -> Bound:
    """Compute the value of a bound from the service's objective."""
    objective = service.objectives.get(alert.signal)
    return Bound(number.of(objective.bound if objective else 0), None, number.words)


def _override(
    alert: Alert, severity: str, part: str, number: Bound | Burn | int, service: Service
) -> Override:
    if isinstance(number, Burn):
        return Override(alert.name, severity, part, number.factor, "")
    if isinstance(number, int):
        return Override(alert.name, severity, part, number, "")
    if number.factor is None:
        return Override(alert.name, severity, part, number.amount, number.words)
    if number.factor != 1 and number.amount:
        # With both a factor and an added amount, only their result is one number.
        return Override(alert.name, severity, part, _plain(number, alert, service).amount, number.words)
    if number.amount:
        return Override(alert.name, severity, part + OFFSET, number.amount, number.words)
    return Override(alert.name, severity, part + FACTOR, number.factor, number.words)
