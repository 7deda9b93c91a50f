"""All specs of a compilation become the model; what only shows between services is proven here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.diagnostics import Note, Result
from generator.diagnostics.findings import Findings
from generator.model.service import Model
from generator.resolve.overlap import overlaps
from generator.resolve.prices import check_prices
from generator.resolve.scope import look_up
from generator.resolve.service import resolve_service
from generator.resolve.site import resolve_site

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic
    from generator.spec.written import ProfileSpec, ServiceSpec, Specs


def resolve(specs: Specs) -> Result[Model]:
    """Resolve everything; each service's findings are complete whatever the others' are."""
    findings = Findings()
    site = resolve_site(specs.site, findings)
    if specs.prices:
        check_prices(specs.prices, specs.profiles, findings)
    _check_names(specs, findings)
    profiles = _profiles(specs, findings)
    services = []
    found: list[Diagnostic] = []
    for spec in sorted(specs.services, key=lambda spec: spec.service.value):
        own = Findings()
        profile = look_up(spec.profile, profiles, "profile", own, also=specs.shipped)
        if profile and (service := resolve_service(spec, profile, specs.prices, site, own)):
            services.append(service)
        found.extend(own.all)
    return Result.of(Model(site, tuple(services)), (*findings.all, *found))


def _profiles(specs: Specs, findings: Findings) -> dict[str, ProfileSpec]:
    profiles: dict[str, ProfileSpec] = {}
    for spec in specs.profiles:
        first = profiles.setdefault(spec.profile.value, spec)
        if first is not spec:
            findings.error(
                "profile/duplicate",
                f'profile "{spec.profile.value}" is declared twice',
                spec.profile.span,
                "rename one of them, or delete its file",
                Note("the other one is here", first.profile.span),
            )
    return profiles


def _check_names(specs: Specs, findings: Findings) -> None:
    """No two services may share a name or a series."""
    seen: dict[str, ServiceSpec] = {}
    for spec in specs.services:
        first = seen.setdefault(spec.service.value, spec)
        if first is not spec:
            findings.error(
                "service/duplicate",
                f'service "{spec.service.value}" is declared twice',
                spec.service.span,
                "rename one of them, or delete its file",
                Note("the other one is here", first.service.span),
            )
    for first, second in overlaps(tuple(seen.values())):
        findings.error(
            "service/selector-overlap",
            f'the selectors of "{first.service.value}" and "{second.service.value}" can pick the same series',
            second.selector[0].key.span,
            "give both selectors a label in common, with different values",
            Note("the other selector is here", first.selector[0].key.span),
        )
