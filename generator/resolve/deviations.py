"""Deviations of a service's alerts from the library's: other numbers, variants, or alerts turned off.

Both are resolved as if everything were promised, so that only written texts differ, never their consequences.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from generator.alerts.registry import module_of
from generator.alerts.tiers import capped
from generator.diagnostics import Findings
from generator.model.alerts import (
    FACTOR,
    OFFSET,
    Alert,
    AlertSeverity,
    Bound,
    Burn,
    Deviations,
    Override,
    Variant,
)
from generator.model.units import duration
from generator.resolve.alerts import alerts_of
from generator.resolve.library import generic_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.model.service import Library, Service, Site
    from generator.spec.types import AlertSpec, Entry


def resolve_deviations(  # noqa: PLR0913, PLR0917 - the service, and what it is compared with
    entries: Iterable[Entry[AlertSpec]],
    service: Service,
    library: Library,
    site: Site,
    file: str,
    most: AlertSeverity | None = None,
) -> Deviations:
    """Compare the alerts that a profile or a service changes with the library's.

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
    for entry in entries:
        defaults = tuple(alert for alert in library.alerts if alert.name == entry.key.value)
        # An alert without its objective is off as well, and its author was informed.
        if entry.value.disabled is not None or entry.key.value not in live:
            off.append(entry.key.value)
            continue
        scope = generic_scope(library.signals, library.streams, site, Findings(), windows, file)
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
