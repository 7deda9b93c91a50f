"""A service: its profile with everything it changes and adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.model.labels import Label
from generator.model.service import Service
from generator.model.signals import Cost, Tokens
from generator.resolve.alert_scope import AlertScope
from generator.resolve.alerts import resolve_alerts
from generator.resolve.labels import resolve_labels
from generator.resolve.metrics import resolve_metrics
from generator.resolve.objectives import resolve_objectives
from generator.resolve.prices import TOKENS, resolve_prices
from generator.resolve.signal_checks import RUN_COUNT, check_runs
from generator.resolve.signals import SignalScope, resolve_signals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from generator.diagnostics import Span
    from generator.diagnostics.findings import Findings
    from generator.model.service import Inclusion, Price, Site
    from generator.model.signals import Signal
    from generator.spec.types import PricesSpec, ProfileSpec, ServiceSpec


def resolve_service(
    spec: ServiceSpec, profile: ProfileSpec, prices: PricesSpec | None, site: Site, findings: Findings
) -> Service | None:
    """Resolve one service; None when there is too little to go on, with the findings that say why."""
    labels = resolve_labels(profile, spec, findings)
    metrics = resolve_metrics(profile, spec, labels, findings)
    signals = resolve_signals(profile, spec, SignalScope(site, metrics, labels, findings))
    check_runs(profile, spec, signals, findings)
    if findings.failed:
        return None
    runs = signals[RUN_COUNT].of
    objectives = resolve_objectives(profile, spec, site, signals, findings)
    scope = AlertScope(
        service=spec.service.value,
        file=spec.span.file,
        site=site,
        labels=labels,
        metrics=metrics,
        runs=runs,
        runs_per_hour=spec.traffic.min_runs_per_hour if spec.traffic else None,
        signals=signals,
        objectives=objectives,
        findings=findings,
    )
    alerts = resolve_alerts(profile, spec, scope)
    priced = _priced(spec, prices, labels, findings) if _spends(signals) else ((), ())
    return Service(
        name=spec.service.value,
        profile=profile.profile.value,
        description=spec.description or profile.description or "",
        owner=spec.owner,
        selector={item.key.value: item.value.value for item in spec.selector},
        replicas=spec.replicas or 1,
        runs_per_hour=scope.runs_per_hour,
        labels=labels,
        metrics=metrics,
        runs=runs,
        signals=signals,
        objectives=objectives,
        alerts=alerts,
        links={item.key.value: item.value for item in spec.links},
        tokens=TOKENS,
        prices=priced[0],
        inclusions=priced[1],
        origins=dict(_origins(spec, profile)),
        adapters=tuple(each.value for each in spec.adapters),
    )


def _spends(signals: Mapping[str, Signal]) -> bool:
    return any(isinstance(signal.kind, Tokens | Cost) for signal in signals.values())


def _priced(
    spec: ServiceSpec, prices: PricesSpec | None, labels: Mapping[str, Label], findings: Findings
) -> tuple[tuple[Price, ...], tuple[Inclusion, ...]]:
    nothing = Label("", "", (), 1)
    models = next((entry.value.values for entry in spec.labels if entry.key.value == TOKENS.model), ())
    model, token_type = (labels.get(name, nothing) for name in (TOKENS.model, TOKENS.token_type))
    return resolve_prices(prices, model, token_type, models, findings)


def _origins(spec: ServiceSpec, profile: ProfileSpec) -> Iterator[tuple[str, Span]]:
    """Say where each part was written; the service's place stands in front of its profile's."""
    yield "", spec.service.span
    yield "profile", spec.profile.span
    for source in (profile, spec):
        for area in ("labels", "metrics", "signals", "objectives", "alerts"):
            for entry in getattr(source, area):
                yield f"{area}.{entry.key.value}", entry.key.span
    for label in profile.metrics:
        for name in label.value.labels:
            yield f"metrics.{label.key.value}.labels.{name.value}", name.span
    for item in spec.selector:
        yield f"selector.{item.key.value}", item.key.span
