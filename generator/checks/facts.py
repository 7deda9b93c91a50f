"""The input of the checks: a service, and its rules, its series and their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.cardinality.account import Account, account
from generator.checks.world import SharedWorld, World, world
from generator.model.outside import outside_alert, with_outside_values

if TYPE_CHECKING:
    from generator.model.rules import SharedRules
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import Compiled


class ServiceFacts(Struct, frozen=True):
    """A service, its compiled rules, the series that exist for it, and the bounds of their number.

    ``exposed`` is the service with the additions of generated instrumentation, ``site`` the site as it sees it.
    """

    service: Service
    exposed: Service
    site: Site
    compiled: Compiled
    shared: SharedRules
    world: World
    account: Account

    @property
    def recorded_names(self) -> tuple[str, ...]:
        """The names of all records of the service."""
        return tuple(name for name, shape in self.world.recorded.items() if not shape.nothing)


def service_facts(
    service: Service, site: Site, compiled: Compiled, shared: SharedRules, everyone: SharedWorld
) -> ServiceFacts:
    """Gather the facts of one service; ``everyone`` are the reads and records of the shared rules for it."""
    exposed = with_outside_values(service) if outside_alert(service) else service
    known = world(exposed, compiled, everyone)
    return ServiceFacts(
        service, exposed, site, compiled, shared, known, account(exposed, site, compiled, known)
    )
