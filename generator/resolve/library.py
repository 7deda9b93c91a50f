"""The library and the facts of profiles: the input of shared rules, independent of the services."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from generator.alerts.draft import AlertScope
from generator.diagnostics import Findings, Span
from generator.model.metrics import Label
from generator.model.service import Library, Objective, ProfileFacts, Site
from generator.model.signals import RUN_COUNT, SPEND, Better, Signal
from generator.model.streams import TOKEN_TYPE, Stream
from generator.model.units import Unit
from generator.notation.times import MONTH
from generator.resolve.alerts import alerts_of
from generator.resolve.labels import listed_values
from generator.resolve.objectives import resolve_objectives
from generator.resolve.prices import resolve_prices
from generator.resolve.signals import resolve_own_library, shared_signals
from generator.resolve.streams import fed_by, library_streams
from generator.signals.draft import SignalScope
from generator.spec.types import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from generator.spec.types import PricesSpec, ProfileSpec, SignalsSpec

#: Placeholders for promises that only services make: close to perfect, so that every default bound is in reach.
_ALL_GOOD, _NEARLY_NONE, _ONE = 1 - 1e-6, 0.001, 1.0
_MONTHS: Mapping[str, int] = MappingProxyType({})


def resolve_library(
    spec: SignalsSpec | None,
    profiles: Iterable[ProfileSpec],
    prices: PricesSpec | None,
    site: Site,
    findings: Findings,
) -> Library:
    """Resolve the library with its own streams; all its errors become findings."""
    streams = library_streams(spec)
    profiles = tuple(profiles)
    scope = SignalScope(site, streams, _open_labels(streams.values()), findings)
    signals = resolve_own_library(spec, scope)
    generic = generic_scope(signals, streams, site, findings)
    alerts = alerts_of(spec.alerts if spec else (), generic) if generic and not findings.failed else ()
    every_type = Label("", "", tuple(_token_types(profiles)), 1)
    priced = resolve_prices(prices, Label("", "", (), 1), every_type, (), Findings())
    return Library(
        streams=streams,
        signals=signals,
        alerts=alerts,
        runs=generic.runs if generic else None,
        profiles=tuple(_facts(profile, spec, streams, site) for profile in profiles),
        prices=priced[0],
        inclusions=priced[1],
        origins=dict(_origins(spec)) if spec else {},
    )


def _origins(spec: SignalsSpec) -> Iterator[tuple[str, Span]]:
    """Yield the place of each part."""
    yield "", spec.span
    yield from ((f"streams.{entry.key.value}", entry.key.span) for entry in spec.streams)
    yield from ((f"signals.{entry.key.value}", entry.key.span) for entry in spec.signals)
    yield from ((f"alerts.{entry.key.value}", entry.key.span) for entry in spec.alerts)


def generic_scope(  # noqa: PLR0913, PLR0917 - of all services, or for what one of them changes
    signals: Mapping[str, Signal],
    streams: Mapping[str, Stream],
    site: Site,
    findings: Findings,
    windows: Mapping[str, int] = _MONTHS,
    file: str = "",
) -> AlertScope | None:
    """Make a scope with a promise for everything, so that alerts resolve as they are written.

    Args:
        signals: Of the library.
        streams: Of the library.
        site: The site.
        findings: The list of findings.
        windows: The windows of a service's objectives, in seconds; a month for objectives without one.
        file: The service's own, whose windows of burn rates stay as they are written.
    """
    runs = signals.get(RUN_COUNT)
    if runs is None:
        return None
    return AlertScope(
        service="",
        file=file,
        site=site,
        labels=_open_labels(streams.values()),
        streams=streams,
        runs=runs.of,
        runs_per_hour=1e9,
        signals=signals,
        objectives={signal.name: _stand_in(signal, windows) for signal in signals.values()},
        findings=findings,
    )


def _stand_in(signal: Signal, windows: Mapping[str, int]) -> Objective:
    if signal.unit is not Unit.RATIO:
        return Objective(signal.name, _ONE, None, "budget" if signal.name == SPEND else "objective")
    good = signal.better is Better.HIGHER
    return Objective(signal.name, _ALL_GOOD if good else _NEARLY_NONE, windows.get(signal.name, MONTH))


def _open_labels(streams: Iterable[Stream]) -> dict[str, Label]:
    names = dict.fromkeys(label for stream in streams for label in stream.labels)
    return {name: Label(name, "", (), 1) for name in names}


def _token_types(profiles: Iterable[ProfileSpec]) -> Iterable[str]:
    labels = (label.value for profile in profiles if (label := profile.label(TOKEN_TYPE)))
    return dict.fromkeys(value for label in labels for value in listed_values(label))


def _facts(
    profile: ProfileSpec, library: SignalsSpec | None, streams: Mapping[str, Stream], site: Site
) -> ProfileFacts:
    """Read the facts of a profile that shared rules need; its errors are reported where it is used."""
    feeds = {entry.key.value: fed_by(entry.value) for entry in profile.streams if entry.key.value in streams}
    labels = {entry.key.value: entry.value for entry in profile.labels}
    quiet = Findings()
    fed = {name: stream for name, stream in streams.items() if name in feeds}
    signals = shared_signals(library, SignalScope(site, fed, _open_labels(fed.values()), quiet))
    known = tuple(entry for entry in profile.objectives if entry.key.value in signals)
    return ProfileFacts(
        name=profile.profile.value,
        feeds=feeds,
        emitted_here=profile.emitted != ELSEWHERE,
        values={name: values for name, spec in labels.items() if (values := listed_values(spec))},
        max_live={name: spec.max_live for name, spec in labels.items() if spec.max_live and not spec.values},
        objectives=resolve_objectives(known, (), None, site, signals, quiet),
        includes=tuple((entry.key.value, inner.value) for entry in profile.includes for inner in entry.value)
        if profile.includes
        else None,
    )
