"""Profiles: one that extends another overrides its keys; one that no service uses is checked as well."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from generator.alerts.registry import BY_KEY
from generator.diagnostics import Diagnostic, Findings
from generator.diagnostics.wording import closest, listed, quoted
from generator.notation.names import look_up, refused_declaration
from generator.resolve.labels import resolve_labels
from generator.resolve.signals import declared_twice, resolve_signals
from generator.resolve.streams import by_any_name, resolve_streams
from generator.signals import registry as signal_kinds
from generator.signals.draft import SignalScope
from generator.spec.environments import laid_over
from generator.spec.types import BoundSpec, Entry, FeedSpec, Keyed, ProfileSpec, ServiceSpec, Text

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from generator.model.signals import Signal
    from generator.model.streams import Stream
    from generator.resolve.service import Base

T = TypeVar("T")
#: The maps of a profile, whose entries override those of the same key.
_MAPS = ("labels", "metrics", "streams", "signals", "objectives", "alerts", "includes")
#: Alternative keys of an entry: setting one removes the others.
_EXCLUSIVE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "labels": (("values", "max_live"),),
    "streams": (("of", "parts"),),
    "signals": (tuple(signal_kinds.BY_KEY),),
    "objectives": (("min", "max"),),
    "alerts": (tuple(BY_KEY),),
}
#: The maps of a stream's source, whose entries override those of the same key as well.
_NESTED = ("labels", "set")
#: The keys that a declaration needs, one of each tuple; a change of one in another profile has any.
_NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "metrics": (("type",), ("help",), ("labels",)),
    "streams": (("of", "parts"),),
    "signals": (("title",), ("description",)),
}


class ProfileSignals(Struct, frozen=True):
    """The parts of every service of a profile: the fed streams, and the signals computed from them."""

    streams: Mapping[str, Stream]
    signals: Mapping[str, Signal]


def check_unused(profile: ProfileSpec, base: Base) -> tuple[Diagnostic, ...]:
    """Find the errors of a profile's labels, metrics and signals, which no service can fix.

    Its objectives and alerts are not judged: a service changes them key by key, and writes the objectives that they
    depend on.
    """
    findings = Findings()
    for entry in profile.labels:
        if finding := refused_declaration(entry.key, profile):
            findings.add(finding)
    resolve_profile_signals(profile, base, findings)
    return findings.all


def unused_labels(profile: ProfileSpec, base: Base) -> tuple[Text, ...]:
    """List the declared labels that no stream of a profile has; none where its streams have errors."""
    findings = Findings()
    streams = resolve_profile_signals(profile, base, findings).streams.values()
    if findings.failed:
        return ()
    used = {label for stream in streams for label in stream.labels}
    used |= {entry.value.determines.value for entry in profile.labels if entry.value.determines}
    return tuple(entry.key for entry in profile.labels if entry.key.value not in used)


def resolve_profile_signals(profile: ProfileSpec, base: Base, findings: Findings) -> ProfileSignals:
    """Resolve the streams and signals of a profile, with all their errors."""
    bare = bare_service(profile)
    labels = resolve_labels(profile, bare, findings)
    fed = resolve_streams(profile, bare, labels, base, findings)
    scope = SignalScope(base.site, by_any_name(fed.streams.values()), labels, findings)
    return ProfileSignals(fed.streams, resolve_signals(base.signals, profile, bare, scope))


def bare_service(profile: ProfileSpec) -> ServiceSpec:
    """Make a placeholder for a service, with the required bounds and no additions."""
    return ServiceSpec(
        span=profile.span,
        service=profile.profile,
        profile=profile.profile,
        description=None,
        owner=profile.profile,
        selector=(),
        replicas=None,
        traffic=None,
        labels=tuple(_bounds(profile)),
        segments=(),
        metrics=(),
        signals=(),
        objectives=(),
        budget=None,
        alerts=(),
        alert_labels=(),
        links=(),
        adapters=(),
        series_budget=None,
        scrape_interval=None,
        histograms=None,
        environments=(),
        severity_at_most=None,
        inhabits=None,
    )


def _bounds(profile: ProfileSpec) -> Iterator[Entry[BoundSpec]]:
    for entry in profile.labels:
        if not entry.value.values:
            yield Entry(entry.key, BoundSpec(entry.value.span, (), 1, None))


class Extended(Struct, frozen=True):
    """The profiles merged with their bases, and the names of those with an invalid base."""

    profiles: dict[str, ProfileSpec]
    broken: frozenset[str]


def extended(
    profiles: Mapping[str, ProfileSpec],
    shadowed: Iterable[ProfileSpec],
    library: Container[str],
    findings: Findings,
) -> Extended:
    """Merge each profile into the one that it extends.

    Args:
        profiles: All profiles by name.
        shadowed: Shipped profiles that are replaced by one of the same name, which may extend them.
        library: The signals of the library, which no profile changes.
        findings: Receives errors for unknown profiles and for circles.
    """
    by_name = {spec.profile.value: spec for spec in shadowed}
    merged: dict[str, ProfileSpec] = {}
    broken: set[str] = set()
    for name, spec in profiles.items():
        chain = _chain(spec, profiles, by_name, findings)
        if chain is None:
            broken.add(name)
            continue
        whole = reduce(_over, reversed(chain))
        if _lacking(whole):
            broken.add(name)
            _report_lacking(spec, chain[1:], library, findings)
        else:
            merged[name] = whole
    return Extended(merged, frozenset(broken))


def _report_lacking(
    spec: ProfileSpec, bases: list[ProfileSpec], library: Container[str], findings: Findings
) -> None:
    """Report a profile's own entries that are too short for a declaration, and that no base declares."""
    known = {(area, name) for base in bases for area in _NEEDED for name in _names_in(base, area)}
    for area, key, missing in _lacking(spec):
        if (area, key.value) in known:
            continue
        if area == "signals" and key.value in library:
            declared_twice(key, "signals.yaml", findings)
            continue
        noun, base = area.removesuffix("s"), spec.extends.value if spec.extends else ""
        match = closest(key.value, [name for of, name in known if of == area])
        suggestion = f"did you mean {quoted(match)}? " if match else ""
        findings.error(
            f"reference/unknown-{noun}",
            f'profile "{base}" has no {noun} "{key.value}" to change',
            key.span,
            f"{suggestion}to declare a {noun} here, write {listed(missing)} as well",
        )


def _names_in(spec: ProfileSpec, area: str) -> list[str]:
    return [entry.key.value for entry in getattr(spec, area)]


def _lacking(spec: ProfileSpec) -> list[tuple[str, Text, list[str]]]:
    """List the entries without a key that a declaration needs: their area, their name, and the missing keys."""
    return [
        (area, entry.key, missing)
        for area, needed in _NEEDED.items()
        for entry in getattr(spec, area)
        if (missing := [" or ".join(keys) for keys in needed if entry.value.written.isdisjoint(keys)])
    ]


def _chain(
    spec: ProfileSpec,
    profiles: Mapping[str, ProfileSpec],
    shadowed: Mapping[str, ProfileSpec],
    findings: Findings,
) -> list[ProfileSpec] | None:
    """List a profile and its chain of bases; None where the chain is a circle or a base is unknown."""
    chain = [spec]
    while (extends := chain[-1].extends) is not None:
        own = extends.value == chain[-1].profile.value
        base = shadowed.get(extends.value) if own else None
        if base is None and not own:
            base = look_up(extends, profiles, "profile", findings if len(chain) == 1 else Findings())
        if base is spec or (own and base is None and len(chain) == 1):
            _in_a_circle(chain, findings)
        if base is None or base in chain:
            return None
        chain.append(base)
    return chain


def _in_a_circle(chain: list[ProfileSpec], findings: Findings) -> None:
    first = chain[0]
    way = [spec.profile.value for spec in chain[1:]]
    by = f" by way of {' and '.join(way)}" if way else ""
    findings.error(
        "profile/circle",
        f'profile "{first.profile.value}" extends itself{by}',
        first.extends.span if first.extends else first.span,
        "name another profile, or leave extends out: nothing else says what this profile has",
    )


def _over(base: ProfileSpec, spec: ProfileSpec) -> ProfileSpec:
    """Override one profile's keys by another's."""
    merged = {
        area: _merged(getattr(base, area), getattr(spec, area), _EXCLUSIVE.get(area, ())) for area in _MAPS
    }
    return replace(
        spec,
        description=spec.description or base.description,
        run=spec.run or base.run,
        emitted=spec.emitted or base.emitted,
        created_series=base.created_series if spec.created_series is None else spec.created_series,
        **merged,
    )


def _merged(
    base: tuple[Entry[T], ...], own: tuple[Entry[T], ...], exclusive: tuple[tuple[str, ...], ...]
) -> tuple[Entry[T], ...]:
    """Keep the order of the base; append the entries that only the other has."""
    merged = {entry.key.value: entry for entry in base}
    for entry in own:
        inherited = merged.get(entry.key.value)
        merged[entry.key.value] = (
            replace(entry, value=_overlaid(inherited.value, entry.value, exclusive)) if inherited else entry
        )
    return tuple(merged.values())


def _overlaid(base: T, own: T, exclusive: tuple[tuple[str, ...], ...]) -> T:
    """Take the written keys, and the others from the base, but for those that a written one excludes."""
    if not isinstance(base, Keyed) or not isinstance(own, Keyed):
        return own
    whole = laid_over(base, own, {key for keys in exclusive if own.written & set(keys) for key in keys})
    if isinstance(base, FeedSpec) and isinstance(own, FeedSpec):
        # An empty map leaves out the labels of the base.
        nested = {
            name: _merged(getattr(base, name), getattr(own, name), ())
            for name in _NESTED
            if getattr(own, name)
        }
        return replace(whole, **nested)
    return whole
