"""The targets, each with its module. A new target is a module and a line here.

``tests/delivery`` proves that every target of the model has one; mypy that each has all of ``TargetModule``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from generator.delivery import backstage, helm, kubernetes, mimir, openslo, terraform, victoriametrics
from generator.model import delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from generator.artifact import Artifact
    from generator.delivery.deliver import Limit, RuleText
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing


class TargetModule(Protocol):
    """The functions of a target, ``nothing`` where it has no such files; ``options`` are its own in the site."""

    LIMITS: tuple[Limit, ...]

    def of_service(
        self,
        service: Service,
        rules: RuleText,
        options: Any,  # noqa: ANN401
        site: Site,
        /,
    ) -> Iterable[Artifact]:
        """Write the files of one service."""
        ...

    def of_dashboards(self, drawn: Sequence[Artifact], options: Any, /) -> Iterable[Artifact]:  # noqa: ANN401
        """Write the files that depend on the dashboards only."""
        ...

    def of_all(
        self,
        shared: Sequence[RuleText],
        routes: Sequence[Routing],
        options: Any,  # noqa: ANN401
        /,
    ) -> Iterable[Artifact]:
        """Write the files about all services; ``routes`` are in the order of their names."""
        ...


TARGETS: Mapping[type, TargetModule] = MappingProxyType(
    {
        delivery.Kubernetes: kubernetes,
        delivery.Helm: helm,
        delivery.Mimir: mimir,
        delivery.Terraform: terraform,
        delivery.VictoriaMetrics: victoriametrics,
        delivery.OpenSlo: openslo,
        delivery.Backstage: backstage,
    }
)
