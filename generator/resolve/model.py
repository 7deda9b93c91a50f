"""All specs of a compilation become the model; what only shows between services is proven here."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from generator.diagnostics import Note, Result
from generator.diagnostics.findings import Findings
from generator.model.service import Model
from generator.resolve.prices import check_prices
from generator.resolve.scope import look_up
from generator.resolve.service import resolve_service
from generator.resolve.site import resolve_site

if TYPE_CHECKING:
    from generator.diagnostics import Diagnostic
    from generator.spec.written import ServiceSpec, Specs


def resolve(specs: Specs) -> Result[Model]:
    """Resolve everything; each service's findings are complete whatever the others' are."""
    findings = Findings()
    site = resolve_site(specs.site, findings)
    if specs.prices:
        check_prices(specs.prices, findings)
    _check_names(specs, findings)
    profiles = {profile.profile.value: profile for profile in specs.profiles}
    services = []
    found: list[Diagnostic] = []
    for spec in sorted(specs.services, key=lambda spec: spec.service.value):
        own = Findings()
        profile = look_up(spec.profile, profiles, "profile", own)
        if profile and (service := resolve_service(spec, profile, specs.prices, site, own)):
            services.append(service)
        found.extend(own.all)
    return Result.of(Model(site, tuple(services)), (*findings.all, *found))


def _check_names(specs: Specs, findings: Findings) -> None:
    """No two services may share a name or a series."""
    for first, second in combinations(specs.services, 2):
        if first.service.value == second.service.value:
            findings.error(
                "service/duplicate",
                f'service "{second.service.value}" is declared twice',
                second.service.span,
                "rename one of them, or delete its file",
                Note("the other one is here", first.service.span),
            )
        elif _overlap(first, second):
            findings.error(
                "service/selector-overlap",
                f'the selectors of "{first.service.value}" and "{second.service.value}" can pick the same series',
                second.selector[0].key.span,
                "give both selectors a label in common, with different values",
                Note("the other selector is here", first.selector[0].key.span),
            )


def _overlap(first: ServiceSpec, second: ServiceSpec) -> bool:
    """Two selectors are apart when one label has different values in them."""
    ours = {item.key.value: item.value.value for item in first.selector}
    theirs = {item.key.value: item.value.value for item in second.selector}
    return all(ours[name] == theirs[name] for name in ours.keys() & theirs.keys())
