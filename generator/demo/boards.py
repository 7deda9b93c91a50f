"""The Grafana of the demo: the generated dashboards on the Prometheus that watches the agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from generator.checks.facts import service_facts
from generator.checks.world import of_service
from generator.grafana.dashboards import dashboards
from generator.grafana.provisioning import provisioning
from generator.grafana.records import recording, records_of
from generator.live.errors import LiveError
from generator.live.grafana import IMAGE, fetch, find_docker, grafana_server, seen_from_inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from generator.artifact import Artifact
    from generator.model.service import Service, Site
    from generator.prometheus.rule_set import RuleSet


class Boards(Struct, frozen=True):
    """The address of a Grafana, or the reason why there is none."""

    url: str
    missing: str = ""


def boards(  # noqa: PLR0913, PLR0917 - of a stage that is being set up
    service: Service,
    rules: RuleSet,
    site: Site,
    prometheus: str,
    opened: ExitStack,
    progress: Callable[[str, int, int], None],
    timeout: float,
) -> Boards:
    """Start a Grafana that ends with ``opened``; everything else works without."""
    try:
        docker = find_docker()
        progress(f"fetching {IMAGE}", 0, 1)
        fetch(docker)
        progress("starting Grafana", 0, 1)
        files = _files(service, rules, site, seen_from_inside(prometheus))
        return Boards(opened.enter_context(grafana_server(docker, files, timeout=timeout)).url)
    except LiveError as problem:
        return Boards("", str(problem))


def dashboard_files(service: Service, rules: RuleSet, site: Site) -> tuple[Artifact, ...]:
    """Generate the dashboards of one service."""
    everyone = of_service(rules.shared, service)
    known = service_facts(service, site, rules.own[0], rules.shared, everyone).recorded_names
    return dashboards(records_of([recording(service, known)], site))


def _files(service: Service, rules: RuleSet, site: Site, prometheus: str) -> dict[str, str]:
    """Write Grafana's configuration as described in the comments of ``output/grafana/provisioning``."""
    made = (*dashboard_files(service, rules, site), *provisioning(site, prometheus))
    return {_place(artifact.path): artifact.text for artifact in made}


def _place(path: str) -> str:
    kind, _, rest = path.removeprefix("grafana/").partition("/")
    return f"{kind}/agent-metrics/{rest}" if kind == "dashboards" else f"{kind}/{rest}"
