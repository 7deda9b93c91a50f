"""All rules that a server has for some services: the shared ones, and each service's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.prometheus.compiled import Compiled, compile_rules
from generator.prometheus.shared import SharedRules, shared_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from generator.model.library import Library
    from generator.model.rules import RuleGroup
    from generator.model.service import Service, Site


class RuleSet(Struct, frozen=True):
    """The rules of a server."""

    shared: SharedRules
    own: tuple[Compiled, ...]

    @property
    def groups(self) -> tuple[RuleGroup, ...]:
        """All groups; those that alert hold the records of their bounds, too."""
        own = (group for one in self.own for group in (*one.recording, *one.alerting))
        return (*own, *self.shared.groups)


def rule_set(services: Iterable[Service], library: Library, site: Site) -> RuleSet:
    """Compile all rules of ``services``, with the variants of alerts that some of them have."""
    every = tuple(services)
    variants = [variant for service in every for variant in service.deviations.variants]
    shared = shared_rules(library, site, variants)
    return RuleSet(shared, tuple(compile_rules(service, site, shared.records) for service in every))
