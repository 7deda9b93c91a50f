"""Resolve all specs of a compilation into the model, and check the conditions between services."""

from __future__ import annotations

from collections import Counter
from itertools import combinations_with_replacement
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from generator.diagnostics import Diagnostic, Findings, Note, Result, Span, at_home, warning
from generator.diagnostics.wording import closest, quoted
from generator.model.service import Service, Site
from generator.notation.names import check_alert_names, check_device, check_shared_files, look_up
from generator.resolve.library import resolve_library
from generator.resolve.prices import check_prices
from generator.resolve.profile import check_unused, extended, unused_labels
from generator.resolve.segments import with_segments
from generator.resolve.service import Base, resolve_service
from generator.resolve.site import at_once, resolve_site
from generator.spec.types import Entry, Names, ProfileSpec, ReceiverSpec, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.spec.types import Claims, ServiceSpec, SharedSpecs

_Matchers = dict[str, str]


class Common(Struct, frozen=True):
    """The common base of all services; ``sound`` is whether it has no errors.

    ``broken`` are the profiles with an invalid base, and ``oldest`` is the place of the oldest Prometheus. ``shards``
    are the servers, and ``receivers`` those of alerts, as they are written. ``unused`` are the labels that a profile
    declares, and that none of its streams has.
    """

    base: Base
    profiles: dict[str, ProfileSpec]
    unused: dict[str, Names]
    broken: frozenset[str]
    oldest: Span | None
    shards: tuple[Entry[Names], ...]
    receivers: tuple[Entry[ReceiverSpec], ...]
    sound: bool

    @property
    def site(self) -> Site:
        """The site."""
        return self.base.site


def resolve_common(shared: SharedSpecs) -> tuple[Common, tuple[Diagnostic, ...]]:
    """Resolve the parts that services share; after an error the rest is still checked."""
    findings = Findings()
    site = resolve_site(shared.site, findings)
    if shared.prices:
        check_prices(shared.prices, shared.profiles, findings)
    of_all = {entry.key.value for entry in shared.signals.signals} if shared.signals else set()
    found = extended(_profiles(shared, findings), shared.shadowed, of_all, findings)
    profiles = found.profiles
    of_library = Findings()  # separate findings: an error of the site is not one of the library
    library = resolve_library(shared.signals, profiles.values(), shared.prices, site, of_library)
    findings.add(*of_library.all)
    base = Base(site, shared.prices, shared.signals, library, shared.site.alert_labels if shared.site else ())
    written = shared.site.oldest_prometheus if shared.site else None
    oldest = written.span if written else None
    shards = shared.site.shards if shared.site else ()
    receivers = shared.site.receivers if shared.site else ()
    sound = not findings.failed
    unused = {
        name: unused_labels(profile, base)
        for name, profile in profiles.items()
        if not profile.profile.span.is_shipped
    }
    return Common(base, profiles, unused, found.broken, oldest, shards, receivers, sound), findings.all


def resolve_one(spec: ServiceSpec, common: Common) -> Result[Service]:
    """Resolve one service, with all its findings."""
    if spec.profile.value in common.broken:
        return Result.failed()
    findings = Findings()
    profile = look_up(spec.profile, common.profiles, "profile", findings)
    if profile:
        profile = with_segments(profile, spec, findings)
    service = resolve_service(spec, profile, common.base, findings) if profile else None
    if service and not common.site.keeps_firing:
        service = at_once(service, spec.alerts, common.oldest, findings)
    diagnostics = at_home(findings.all, spec.profile.span)
    return Result.of(service, diagnostics) if service else Result.failed(*diagnostics)


def check_between(services: Iterable[Claims], common: Common) -> tuple[Diagnostic, ...]:
    """Check that no two services share a name, a file or a series, and that profiles declare nothing in vain."""
    findings = Findings()
    services = tuple(services)
    of_profiles = (alert.key for spec in common.profiles.values() for alert in spec.alerts)
    of_library = (alert.key for alert in common.base.signals.alerts) if common.base.signals else ()
    check_alert_names(
        (*of_library, *of_profiles, *(name for claims in services for name in claims.alerts)), findings
    )
    seen: dict[str, Claims] = {}
    systems: dict[str, Text] = {}
    for claims in services:
        check_device(claims.service, findings)
        check_shared_files(claims.service, common.site.deliver.file_names, findings)
        first = seen.setdefault(claims.service.value, claims)
        if first is not claims:
            _twice(claims.service, first.service, findings)
        # The module is named after the system, whose environments are all in one file.
        system = systems.setdefault(claims.system.value, claims.system)
        if system.span != claims.system.span and first is claims:
            _twice(claims.system, system, findings)
    for first, second in overlaps(tuple(seen.values())):
        findings.error(
            "service/selector-overlap",
            f'the selectors of "{first.service.value}" and "{second.service.value}" can pick the same series',
            second.place,
            "give both selectors a label in common, with different values",
            Note("the other selector is here", first.place),
        )
    return (*findings.all, *_of_profiles(services, common))


def _twice(service: Text, first: Text, findings: Findings) -> None:
    findings.error(
        "service/duplicate",
        f'service "{service.value}" is declared twice',
        service.span,
        "rename one of them, or delete its file",
        Note("the other one is here", first.span),
    )


def _of_profiles(services: Iterable[Claims], common: Common) -> Iterator[Diagnostic]:
    """Yield the errors of profiles that no service uses, and the labels that nothing has."""
    own: dict[str, set[str]] = {}
    for claims in services:
        own.setdefault(claims.profile, set()).update(claims.labels)
    for name, profile in common.profiles.items():
        # Many shipped profiles are for other users, and a local library need not cover them.
        if profile.profile.span.is_shipped:
            continue
        unused = [key for key in common.unused[name] if key.value not in own.get(name, ())]
        yield from (_unused_label(key, unused, profile) for key in unused)
        if name not in own:
            yield from check_unused(profile, common.base)


def _unused_label(label: Text, unused: Iterable[Text], profile: ProfileSpec) -> Diagnostic:
    used = {entry.key.value for entry in profile.labels} - {one.value for one in unused}
    meant = closest(label.value, used)
    return warning(
        "label/unused",
        f'no metric and no stream of profile "{profile.profile.value}" has the label "{label.value}"',
        label.span,
        f"did you mean {quoted(meant)}?" if meant else "add it to the labels of one, or leave it out",
    )


def _profiles(shared: SharedSpecs, findings: Findings) -> dict[str, ProfileSpec]:
    profiles: dict[str, ProfileSpec] = {}
    for spec in shared.profiles:
        first = profiles.setdefault(spec.profile.value, spec)
        if first is not spec:
            findings.error(
                "profile/duplicate",
                f'profile "{spec.profile.value}" is declared twice',
                spec.profile.span,
                "rename one of them, or delete its file",
                Note("the other one is here", first.profile.span),
            )
    written = Counter(spec.profile.value for spec in shared.profiles)
    for spec in shared.profiles:
        if written[spec.profile.value] == 1:
            _check_file_name(spec.profile, findings)
    return profiles


def _check_file_name(profile: Text, findings: Findings) -> None:
    """Warn of a profile that its readers seek in another file; shipped ones are replaced by the name of a file, too."""
    file = PurePosixPath(profile.span.file)
    if not profile.span.is_shipped and file.parent.name == "profiles" and file.stem != profile.value:
        findings.warning(
            "profile/file-name",
            f'the file of profile "{profile.value}" is called {file.name}',
            profile.span,
            f"rename the file to {profile.value}{file.suffix}; or write profile: {file.stem}, here and in the services "
            "that use it",
        )


def overlaps(services: tuple[Claims, ...]) -> Iterator[tuple[Claims, Claims]]:
    """Find the pairs that overlap; services are joined by hash, since a fleet has thousands of them."""
    by_labels: dict[frozenset[str], list[tuple[Claims, _Matchers]]] = {}
    for spec in services:
        matchers = {item.key.value: item.value.value for item in spec.selector}
        by_labels.setdefault(frozenset(matchers), []).append((spec, matchers))
    for ours, theirs in combinations_with_replacement(by_labels, 2):
        yield from _joined(by_labels[ours], by_labels[theirs], sorted(ours & theirs))


def _joined(
    ours: list[tuple[Claims, _Matchers]], theirs: list[tuple[Claims, _Matchers]], common: list[str]
) -> Iterator[tuple[Claims, Claims]]:
    """Pair the services whose common labels have equal values, each with the first such service."""
    first: dict[tuple[str, ...], Claims] = {}
    for spec, matchers in ours:
        first.setdefault(tuple(matchers[label] for label in common), spec)
    for spec, matchers in theirs:
        other = first.get(tuple(matchers[label] for label in common))
        if other is not None and other is not spec:
            yield other, spec
