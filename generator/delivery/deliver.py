"""The output in the forms that the site requests, and the files that their targets would refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from generator.artifact import Artifact, File
    from generator.delivery.registry import TargetModule
    from generator.diagnostics import Diagnostic, Span
    from generator.model.delivery import Target
    from generator.model.service import Service, Site
    from generator.prometheus.alertmanager import Routing


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


def deliver_all(files: Sequence[Artifact], routes: Sequence[Routing], site: Site) -> Iterator[Artifact]:
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
