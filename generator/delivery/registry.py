"""The targets, each with its module, and the output in the forms that the site requests.

A new target is a module and a line here.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from generator.delivery import backstage, helm, kubernetes, mimir, openslo, terraform, victoriametrics
from generator.model import delivery

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.artifact import Artifact, File
    from generator.delivery.limits import Limit
    from generator.delivery.rule_text import RuleText
    from generator.diagnostics import Diagnostic, Span
    from generator.model.delivery import Target
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing


class TargetModule(Protocol):
    """The functions that every target has; ``options`` are those of the target in the site."""

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


def deliver_service(service: Service, files: Iterable[Artifact], site: Site) -> Iterator[Artifact]:
    """Write a service's rule files for every target of the site."""
    for module, options in _targets(site):
        from generator.delivery.rule_text import rule_texts  # noqa: PLC0415

        (rules,) = rule_texts(files, service.owner)
        yield from module.of_service(service, rules, options, site)


def deliver_dashboards(drawn: Sequence[Artifact], site: Site) -> Iterator[Artifact]:
    """Write the dashboards for every target of the site."""
    for module, options in _targets(site):
        yield from module.of_dashboards(drawn, options)


def deliver_all(files: Iterable[Artifact], routes: Sequence[Routing], site: Site) -> Iterator[Artifact]:
    """Write the shared rule files, and the lists of all services, for every target of the site."""
    for module, options in _targets(site):
        from generator.delivery.rule_text import rule_texts  # noqa: PLC0415

        yield from module.of_all(tuple(rule_texts(files)), routes, options)


def undeliverable(
    files: Sequence[File], groups: Mapping[str, int], shared: int, places: Mapping[str, Span], site: Site
) -> Iterator[Diagnostic]:
    """Find the files and rule groups that a target would refuse.

    Args:
        files: All of the output, or none if there is no output yet.
        groups: The number of rule groups of each service's own, by name.
        shared: The number of rule groups about all services.
        places: The places of services in the specs, by name.
        site: The site with its targets.
    """
    from generator.delivery.limits import check_groups, check_sizes  # noqa: PLC0415

    if site.deliver.mimir:
        yield from check_groups(shared, groups, site.deliver.mimir.max_groups)
    for module, _ in _targets(site):
        yield from check_sizes(files, module.LIMITS, places)


def _targets(site: Site) -> Iterator[tuple[TargetModule, Target]]:
    """Yield the targets; a site without targets does not import their modules."""
    if site.deliver.targets:
        from generator.delivery.registry import TARGETS  # noqa: PLC0415

        yield from ((TARGETS[type(options)], options) for options in site.deliver.targets)
