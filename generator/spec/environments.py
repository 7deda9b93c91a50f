"""A service in several environments is one service in each: its keys, with the environment's laid over them.

So are the changes of one file to the entries of another: of profiles, and of alerts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from generator.diagnostics import Diagnostic, error
from generator.spec.types import (
    AlertSpec,
    Entry,
    EnvironmentSpec,
    Inhabited,
    Keyed,
    Located,
    ServiceSpec,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


T = TypeVar("T")
K = TypeVar("K", bound=Keyed)

#: Characters of a service's name, its environment included.
LONGEST_NAME = 40
#: The signal whose objective is the same limit as a budget.
_SPEND = "spend"
#: The reason of an environment to turn an alert on again that its service turns off.
_ON_AGAIN = "false"
#: Keys that an environment replaces as a whole, and maps in which it replaces single entries.
_WHOLE = (
    "owner",
    "scrape_interval",
    "histograms",
    "replicas",
    "traffic",
    "budget",
    "series_budget",
    "severity_at_most",
)
_BY_ENTRY = ("selector", "objectives", "alert_labels", "links")


def in_environments(spec: ServiceSpec) -> tuple[ServiceSpec, ...]:
    """Split a service into one for each of its environments; without environments return it unchanged."""
    return tuple(_in(spec, entry) for entry in spec.environments) or (spec,)


def _name_in(service: Text, environment: Text) -> Text:
    """Name a service in an environment; the place is the environment's."""
    return Located(f"{service.value}-{environment.value}", environment.span)


def too_long(spec: ServiceSpec) -> tuple[Diagnostic, ...]:
    """Refuse environments that make a name too long."""
    names = (_name_in(spec.service, entry.key) for entry in spec.environments)
    return tuple(
        error(
            "service/name-too-long",
            f'the service is called "{name.value}" there, which has {len(name.value)} characters',
            name.span,
            f"shorten the service's name or the environment's: {LONGEST_NAME} characters are the most",
        )
        for name in names
        if len(name.value) > LONGEST_NAME
    )


def _in(spec: ServiceSpec, entry: Entry[EnvironmentSpec | None]) -> ServiceSpec:
    own = entry.value
    named = _name_in(spec.service, entry.key)
    place = own.selector[0].key.span if own and own.selector else entry.key.span
    whole = own.span if own else entry.key.span
    inhabits = Inhabited(entry.key, spec.service, place, whole)
    changed = replace(spec, service=named, environments=(), inhabits=inhabits)
    if own is None:
        return changed
    changes = {name: value for name in _WHOLE if (value := getattr(own, name)) is not None}
    changed = _without_limits(changed, own)
    changes |= {name: _laid_over(getattr(changed, name), getattr(own, name)) for name in _BY_ENTRY}
    return replace(changed, **changes, alerts=_alerts(spec.alerts, own.alerts))


def _without_limits(spec: ServiceSpec, own: EnvironmentSpec) -> ServiceSpec:
    """Leave out a service's limit of spend, in both of its forms, where an environment has one in either form."""
    promises = any(entry.key.value == _SPEND for entry in own.objectives)
    if not own.budget and not promises:
        return spec
    kept = tuple(entry for entry in spec.objectives if entry.key.value != _SPEND)
    return replace(spec, budget=None, objectives=kept)


def _laid_over(base: Iterable[Entry[T]], changes: Iterable[Entry[T]]) -> tuple[Entry[T], ...]:
    """Replace entries of a map by those of the same key, and add the others."""
    merged = {entry.key.value: entry for entry in (*base, *changes)}
    return tuple(merged.values())


def _alerts(
    base: Iterable[Entry[AlertSpec]], changes: Iterable[Entry[AlertSpec]]
) -> tuple[Entry[AlertSpec], ...]:
    """Merge changes of alerts into others, key by key; ``disabled: false`` turns on what the others turn off."""
    merged = {entry.key.value: entry for entry in base}
    for entry in changes:
        known = merged.get(entry.key.value)
        both = with_changes(known, entry) if known else entry
        on_again = known and known.value.disabled and _is_on_again(entry.value)
        merged[entry.key.value] = _without_reason(both) if on_again else both
    return tuple(merged.values())


def _is_on_again(change: AlertSpec) -> bool:
    return change.disabled is not None and change.disabled.value == _ON_AGAIN


def _without_reason(entry: Entry[AlertSpec]) -> Entry[AlertSpec]:
    spec = replace(entry.value, disabled=None, written=entry.value.written - {"disabled"})
    return replace(entry, value=spec)


def with_changes(base: Entry[AlertSpec], change: Entry[AlertSpec]) -> Entry[AlertSpec]:
    """Merge the keys of one alert into another's; the result has the place of the change."""
    return replace(change, value=laid_over(base.value, change.value))


def laid_over(base: K, change: K, replaced: Iterable[str] = ()) -> K:
    """Take the written fields of a change, and the given ones, and the others from the base."""
    changed = {name: getattr(change, name) for name in (*change.written, *replaced)}
    return replace(base, **changed, span=change.span, written=base.written | change.written)
