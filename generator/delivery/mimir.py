"""``mimir``: namespaces of rule groups, for ``mimirtool rules sync`` and ``apply --ruler``.

Mimir, Cortex and Grafana Cloud hold groups by tenant and namespace, and a group's name is unique within a namespace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from generator.artifact import Artifact
from generator.delivery.deliver import GENERATED, Limit, RuleText, join_groups, nothing
from generator.model.names import GRAFANA_TAG
from generator.prometheus.block_yaml import block_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from generator.model.delivery import Mimir
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing

ROOT = "mimir"
LIMITS: tuple[Limit, ...] = ()
#: A ruler has no dashboards.
of_dashboards = nothing
#: The namespace of the shared rules.
_SHARED = GRAFANA_TAG


def _namespace_of(service: str) -> str:
    """Name the namespace of a service."""
    return f"{GRAFANA_TAG}-{service}"


def of_service(service: Service, rules: RuleText, options: Mimir, site: Site) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the namespace of a service."""
    yield _namespace(_namespace_of(service.name), rules.groups)


def of_all(shared: Sequence[RuleText], routes: Sequence[Routing], options: Mimir) -> Iterator[Artifact]:  # noqa: ARG001
    """Write the namespace of the shared rules."""
    yield _namespace(_SHARED, join_groups(shared))


def _namespace(name: str, groups: str) -> Artifact:
    return Artifact(f"{ROOT}/{name}.yaml", f"{GENERATED}{block_yaml({'namespace': name})}groups:\n{groups}")
