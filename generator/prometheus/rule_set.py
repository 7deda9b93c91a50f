"""All rules that a server has for some services: the shared ones, and each service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.alerts.rules import alerting_rules
from generator.model.rules import AlertingRule, RuleGroup, SharedRules
from generator.prometheus.compiled import Compiled, compile_rules
from generator.prometheus.shared import ground_of, shared_rules, switch
from generator.streams.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.model.alerts import Alert
    from generator.model.service import Library, Service, Site


class RuleSet(Struct, frozen=True):
    """The rules of a server."""

    shared: SharedRules
    own: tuple[Compiled, ...]

    @property
    def groups(self) -> tuple[RuleGroup, ...]:
        """All groups; those with alerts contain the records of their bounds, too."""
        own = (group for one in self.own for group in (*one.recording, *one.alerting))
        return (*own, *self.shared.groups)


def rule_set(services: Iterable[Service], library: Library, site: Site) -> RuleSet:
    """Compile all rules of ``services``, with the variants of alerts that some of them have."""
    chosen = tuple(services)
    marks = {mark for service in chosen for mark in service.marks}
    library = library.used_by({service.profile for service in chosen}).marked(marks)
    variants = [variant for service in chosen for variant in service.deviations.variants]
    shared = shared_rules(library, site, variants)
    own = (compile_rules(service, site.of(service), shared.records) for service in chosen)
    return RuleSet(shared, tuple(own))


def alerting_by_service(
    services: Iterable[Service], library: Library, site: Site
) -> Mapping[str, tuple[RuleGroup, ...]]:
    """Find, for each service, the alerting rules that can fire for it: the shared ones in the forms it has, its own.

    The shared rules are the same objects for all services. Those about the health of rules belong to no service.
    """
    services = tuple(services)
    marks = tuple(sorted({mark for service in services for mark in service.marks}))
    ground = ground_of(library, Scope(site))
    compiled: dict[tuple[str, str, str], tuple[AlertingRule, ...]] = {}

    def rules(alert: Alert, variant: str) -> tuple[AlertingRule, ...]:
        key = alert.name, alert.about, variant
        if key not in compiled:
            on = switch(alert.name, variant, ground.scope)
            compiled[key] = tuple(alerting_rules(alert, ground, on, marks))
        return compiled[key]

    by_service = {}
    for service in services:
        shared = tuple(rule for form in _forms(service, library) for rule in rules(*form))
        own = compile_rules(service, site.of(service)).alerting
        by_service[service.name] = (RuleGroup("agent-alerts", site.rule_interval, shared), *own)
    return by_service


def _forms(service: Service, library: Library) -> Iterable[tuple[Alert, str]]:
    """List the shared alerts that a service has, each with the name of its variant, empty for the library's form."""
    has = {(one.name, one.about) for one in service.alerts if one.shared and not one.about_rules}
    varied = {one.alert for one in service.deviations.variants}
    for alert in library.alerts:
        if alert.name not in varied and (alert.name, alert.about) in has:
            yield alert, ""
    for variant in service.deviations.variants:
        yield from ((alert, variant.name) for alert in variant.alerts)
